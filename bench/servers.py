# SPDX-License-Identifier: MIT
"""The echo servers: how each is built, and what is started.

To add one, add an entry to SERVERS. A guest (`.wasm`) runs under every host, a
native program alone; each finds its listener as descriptor 3. A word of a build
command of the form {a|b} becomes the first of these tools that is installed.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hosts import BUILD, REPOSITORY, Missing
from workloads import SPREAD

PEERS = REPOSITORY / "bench" / "peers"
LOAD_SOURCES = REPOSITORY / "bench" / "load"
CARGO_TARGET = BUILD / "cargo"
NATIVE_CC = ("{cc|gcc|clang-22|clang}", "-std=c11", "-O2", "-Wall", "-Wextra")
WASI_CC = (
    "{clang-22|clang}",
    "--target=wasm32-wasi",
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Wno-deprecated",  # the target's newer name is not where Debian's libc is
    "-Wl,-s",
)


def cmake(preset: str, target: str) -> tuple[str, ...]:
    """Builds one of our examples as the project does."""
    configure = f"cmake --preset {preset}"
    build = f"cmake --build --preset {preset} --target {target}"
    return ("sh", "-c", f"{configure} && {build}")


@dataclass(frozen=True)
class Server:
    name: str  # the column's head
    program: Path
    build: tuple[str, ...]
    directory: Path = REPOSITORY  # where the build command runs
    environment: tuple[tuple[str, str], ...] = ()  # added for the build
    arguments: tuple[str, ...] = ()  # of the program
    ours: bool = False
    workloads: tuple[str, ...] | None = None  # None: all of them
    processes: int = 1  # which share the listener

    def is_guest(self) -> bool:
        return self.program.suffix == ".wasm"

    def is_peer(self) -> bool:
        return self.is_guest() and not self.ours and self.workloads is None

    def runs(self, workload: str) -> bool:
        return self.workloads is None or workload in self.workloads

    def make(self) -> None:
        run_build(self.build, self.directory, dict(self.environment))


def first_installed(word: str) -> str:
    choice = re.fullmatch(r"\{(.+)\}", word)
    if choice is None:
        return word
    names = choice[1].split("|")
    for name in names:
        if shutil.which(name):
            return name
    raise Missing(f"{' or '.join(names)} is not installed")


def run_build(command: tuple[str, ...], directory: Path, environment: dict) -> None:
    words = [first_installed(word) for word in command]
    result = subprocess.run(
        words,
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if result.returncode != 0:
        lines = (result.stdout + result.stderr).strip().splitlines() or [""]
        said = next((line for line in lines if "error:" in line), lines[-1])
        raise Missing(f"{' '.join(words[:3])} failed: {said}")


LOAD = BUILD / "load"
LOAD_BUILD = (
    *NATIVE_CC,
    *(
        str(LOAD_SOURCES / f"{name}.c")
        for name in ("load", "client", "shape", "spread")
    ),
    "-o",
    str(LOAD),
    "-lm",
)

NATIVE = Server(
    name="native epoll",
    program=BUILD / "epoll_echo",
    build=(*NATIVE_CC, str(PEERS / "epoll_echo.c"), "-o", str(BUILD / "epoll_echo")),
)

NATIVE_POLL = Server(
    name="native poll()",
    program=BUILD / "poll_echo",
    build=(*NATIVE_CC, str(PEERS / "poll_echo.c"), "-o", str(BUILD / "poll_echo")),
    workloads=tuple(workload.name for workload in SPREAD),
)

SERVERS = (
    NATIVE,
    NATIVE_POLL,
    Server(
        name="wasock",
        program=REPOSITORY / "build" / "wasm" / "examples" / "echo_many.wasm",
        build=cmake("wasm", "echo_many"),
        ours=True,
    ),
    Server(
        name="wasock tcpecho",
        program=REPOSITORY / "build" / "wasm" / "examples" / "tcpecho.wasm",
        build=cmake("wasm", "tcpecho"),
        ours=True,
        workloads=("a1", "bulk"),  # it serves one client after the other
    ),
    Server(
        name="wasock, 2 processes",
        program=REPOSITORY / "build" / "wasm" / "examples" / "echo_many.wasm",
        build=cmake("wasm", "echo_many"),
        ours=True,
        workloads=("a64", "a64_x16"),
        processes=2,
    ),
    Server(
        name="wasock native",
        program=REPOSITORY / "build" / "release" / "examples" / "echo_many",
        build=cmake("release", "echo_many"),
        ours=True,
    ),
    Server(
        name="wasi-libc poll()",
        program=BUILD / "poll_echo.wasm",
        build=(
            *WASI_CC,
            str(PEERS / "poll_echo.c"),
            # This poll() puts 80 bytes a connection on the stack.
            "-Wl,-z,stack-size=4194304",
            "-o",
            str(BUILD / "poll_echo.wasm"),
        ),
    ),
    Server(
        name="wasi-libc poll(), 64 KiB stack",
        program=BUILD / "poll_echo_default_stack.wasm",
        build=(
            *WASI_CC,
            str(PEERS / "poll_echo.c"),
            "-o",
            str(BUILD / "poll_echo_default_stack.wasm"),
        ),
        workloads=("a64", "a64_i1000"),
    ),
    Server(
        name="Rust mio",
        program=CARGO_TARGET / "wasm32-wasip1" / "release" / "mio_echo.wasm",
        build=(
            "{cargo}",
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--target=wasm32-wasip1",
            f"--target-dir={CARGO_TARGET}",
        ),
        directory=PEERS / "mio_echo",
    ),
    Server(
        name="Go net",
        program=BUILD / "go_echo.wasm",
        build=(
            "{go}",
            "build",
            "-trimpath",
            "-ldflags=-s -w",
            "-o",
            str(BUILD / "go_echo.wasm"),
            ".",
        ),
        directory=PEERS / "go_echo",
        environment=(("GOOS", "wasip1"), ("GOARCH", "wasm")),
    ),
)
