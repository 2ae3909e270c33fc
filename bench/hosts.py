# SPDX-License-Identifier: MIT
"""What a server runs under: a WASI host, or nothing for a native program.

A host gets the runner's listening socket as descriptor 3 when it can take it
(`takes_listener`); otherwise it gets an address and opens the listener itself,
or lets the guest do it.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = REPOSITORY / "build" / "bench"


class Missing(Exception):
    """A tool or a program is not there; the text says which."""


@dataclass(frozen=True)
class Host:
    name: str
    executable: str  # in .hosts/bin, unless the environment says otherwise
    variable: str  # the environment variable that overrides it
    arguments: tuple[str, ...]  # before the program; {address} is filled in
    takes_listener: bool = True
    compile: tuple[str, ...] = ()  # ahead of time: {guest} to {compiled}
    ask_version: str = "--version"
    patience: int = 1  # multiplies the limits of starting and joining
    wasi: str = "preview1"  # what its programs are built for

    def path(self) -> str:
        installed = REPOSITORY / ".hosts" / "bin" / self.executable
        path = os.environ.get(self.variable) or shutil.which(str(installed))
        if path is None:
            raise Missing(f"{self.name} is not installed")
        return path

    def version(self) -> str:
        answer = subprocess.run(
            [self.path(), self.ask_version],
            capture_output=True,
            text=True,
            timeout=10,
        )
        number = re.search(r"\d+(\.\d+)+", answer.stdout)
        by = "" if self.wasi == "preview1" else f" by {self.wasi}"
        name = self.executable.partition("-")[0]
        return f"{name} {number[0] if number else '?'}{by}"

    def prepare(self, guest: Path) -> Path:
        """What to start for the guest: compiled ahead, where the host can, so
        that neither start-up nor the compiler's memory is measured."""
        if not self.compile:
            return guest
        compiled = BUILD / f"{guest.stem}.{self.name.replace(' ', '-')}.cwasm"
        words = [word.format(guest=guest, compiled=compiled) for word in self.compile]
        subprocess.run(
            [self.path(), *words], check=True, capture_output=True, timeout=120
        )
        return compiled

    def command(self, program: Path, arguments: tuple[str, ...], address: str):
        words = [word.format(address=address) for word in self.arguments]
        return [self.path(), *words, str(program), *arguments]


def wasmtime(name: str, executable: str, variable: str) -> Host:
    return Host(
        name,
        executable,
        variable,
        arguments=(
            "run",
            "--allow-precompiled",
            "-Spreview2=n",
            "-Slistenfd=y",
        ),
        compile=("compile", "{guest}", "-o", "{compiled}"),
    )


def components(executable: str, variable: str, wasi: str) -> Host:
    """wasmtime for components of WASI 0.2 or 0.3, which open their listeners."""
    return Host(
        f"{executable} by {wasi}",
        executable,
        variable,
        arguments=(
            "run",
            "--allow-precompiled",
            "-Sinherit-network",
            "--env=WASOCK_LISTEN={address}",
        ),
        takes_listener=False,
        compile=("compile", "{guest}", "-o", "{compiled}"),
        wasi=wasi,
    )


HOSTS = (
    wasmtime("wasmtime-36", "wasmtime", "WASMTIME"),
    wasmtime("wasmtime-46", "wasmtime-46", "WASMTIME_46"),
    components("wasmtime-49", "WASMTIME_49", "0.2"),
    components("wasmtime-49", "WASMTIME_49", "0.3"),
    components("wasmtime-46", "WASMTIME_46", "0.2"),
    components("wasmtime-46", "WASMTIME_46", "0.3"),
    Host(
        "wasmi",
        "wasmi",
        "WASMI",
        arguments=("--tcplisten", "{address}"),
        takes_listener=False,
        patience=3,  # an interpreter
    ),
    Host(
        "wazero",
        "wazero",
        "WAZERO",
        arguments=("run", "-listen={address}"),
        takes_listener=False,
        ask_version="version",
    ),
)
QUICK_HOSTS = ("wasmtime-46", "wasmtime-49 by 0.2", "wasmtime-49 by 0.3")
FULL_HOSTS = QUICK_HOSTS
# What components are compared with.
PREVIEW1_HOST = "wasmtime-46"


def host_named(name: str) -> Host:
    return next(host for host in HOSTS if host.name == name)
