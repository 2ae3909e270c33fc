# SPDX-License-Identifier: MIT
"""The echo servers: how each is built, and what is started.

To add one, add an entry to SERVERS. A guest (`.wasm`) runs under every host of
its WASI, a native program alone. The listener is descriptor 3; a component opens
it, at the address in WASOCK_LISTEN. Servers of the same name on different hosts
are one column. A word of a build command of the form {a|b} becomes the first of
these tools that is installed.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hosts import BUILD, REPOSITORY, Host, Missing
from workloads import SPREAD, WORKLOADS

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


# Its wasi-libc is the newest there is in a package, and the one of 1.95 cannot
# accept for tokio.
WASIP2_RUST = "1.99.1"
COMPONENTS = (("wasip2", "0.2"), ("wasip3", "0.3"))
BUSY = tuple(w.name for w in WORKLOADS if w.is_busy())


def cmake(preset: str, target: str) -> tuple[str, ...]:
    """Builds one of our examples as the project does."""
    configure = f"cmake --preset {preset}"
    build = f"cmake --build --preset {preset} --target {target}"
    return ("sh", "-c", f"{configure} && {build}")


def bare(preset: str) -> tuple[str, ...]:
    """Builds an event loop without the library, but with its object for the
    host, which opens the listener."""
    library = cmake(preset, "wasock")[2]
    return (
        "sh",
        "-c",
        f'{library} && exec tools/wasock-component "$@"',
        "sh",
        *WASI_CC,
        "-nostdlib",
        "-fno-builtin",
        f"-DWASOCK_COMPONENT={preset[-1]}",
        "-Iinclude",
        "-Isrc/host",
        str(PEERS / f"bare_{preset}.c"),
        f"build/{preset}/libwasock.a",
        "-o",
        str(BUILD / f"bare_{preset}.wasm"),
    )


def cargo(target: str, toolchain: str = "") -> tuple[str, ...]:
    return (
        "{cargo}",
        *((f"+{toolchain}",) if toolchain else ()),
        "build",
        "--quiet",
        "--locked",
        "--release",
        f"--target={target}",
        f"--target-dir={CARGO_TARGET}",
    )


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
    wasi: str = "preview1"  # what a guest is built for
    is_limit: bool = False  # a bare event loop: no peer

    def label(self) -> str:
        """Its name, which is that of others if it is a component."""
        return self.name if self.wasi == "preview1" else f"{self.name} by {self.wasi}"

    def is_guest(self) -> bool:
        return self.program.suffix == ".wasm"

    def is_peer(self) -> bool:
        is_other = not self.ours and not self.is_limit
        return self.is_guest() and is_other and self.workloads is None

    def runs_on(self, host: Host | None) -> bool:
        if host is None or not self.is_guest():
            return host is None and not self.is_guest()
        return host.wasi == self.wasi

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
        build=cargo("wasm32-wasip1"),
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
    *(
        Server(
            name="wasock",
            program=REPOSITORY / "build" / preset / "examples" / "echo_many.wasm",
            build=cmake(preset, "echo_many"),
            ours=True,
            wasi=wasi,
        )
        for preset, wasi in COMPONENTS
    ),
    *(
        Server(
            name="wasock tcpecho",
            program=REPOSITORY / "build" / preset / "examples" / "tcpecho.wasm",
            build=cmake(preset, "tcpecho"),
            ours=True,
            workloads=("a1", "bulk"),
            wasi=wasi,
        )
        for preset, wasi in COMPONENTS
    ),
    *(
        Server(
            name="bare event loop",
            program=BUILD / f"bare_{preset}.wasm",
            build=bare(preset),
            workloads=BUSY,
            wasi=wasi,
            is_limit=True,
        )
        for preset, wasi in COMPONENTS
    ),
    Server(
        name="wasi-libc poll()",
        program=BUILD / "poll_echo_wasip2.wasm",
        build=(
            str(PEERS / "link_wasip2.sh"),
            WASIP2_RUST,
            *WASI_CC,
            "-DOPENS_LISTENER",
            "-Wl,-z,stack-size=4194304",
            str(PEERS / "poll_echo.c"),
            "-o",
            str(BUILD / "poll_echo_wasip2.wasm"),
        ),
        wasi="0.2",
    ),
    Server(
        name="Rust mio",
        program=CARGO_TARGET / "wasm32-wasip2" / "release" / "mio_echo.wasm",
        build=cargo("wasm32-wasip2", WASIP2_RUST),
        directory=PEERS / "mio_echo",
        wasi="0.2",
    ),
    Server(
        name="Rust tokio",
        program=CARGO_TARGET / "wasm32-wasip2" / "release" / "tokio_echo.wasm",
        build=cargo("wasm32-wasip2", WASIP2_RUST),
        directory=PEERS / "tokio_echo",
        environment=(("RUSTFLAGS", "--cfg tokio_unstable"),),
        wasi="0.2",
    ),
)
