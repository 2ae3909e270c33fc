# SPDX-License-Identifier: MIT
"""The network in the process: what it carries, natively and in a guest."""

import json
import subprocess

from hosts import BUILD, REPOSITORY, Host, Missing
from servers import WASI_CC, run_build

SOURCES = sorted(
    str(path)
    for folder in ("", "poller", "fakenet")
    for path in (REPOSITORY / "src" / folder).glob("*.c")
) + [str(REPOSITORY / "bench" / "fakenet.c")]
INCLUDE = f"-I{REPOSITORY / 'include'}"
NATIVE_CC = ("{cc|gcc|clang-22|clang}", "-std=gnu11", "-O2")


def measure(program: list[str]) -> dict:
    answer = subprocess.run(program, capture_output=True, text=True, timeout=60)
    if answer.returncode != 0:
        raise Missing(f"{program[-1]} ended with {answer.returncode}")
    return json.loads(answer.stdout)


def table(hosts: list[Host]) -> list[str]:
    """Markdown, a line a place where it runs."""
    native, guest = BUILD / "fakenet", BUILD / "fakenet.wasm"
    host_sources = REPOSITORY / "src" / "host"
    posix = [str(source) for source in (host_sources / "posix").glob("*.c")]
    preview1 = [str(source) for source in (host_sources / "preview1").glob("*.c")]
    lines = [
        "## The network in the process",
        "",
        "One pair: echoes of 64 bytes, and bytes in pieces of 16 KiB.",
        "",
        "| where | echoes/s | MiB/s |",
        "|---|---:|---:|",
    ]
    run_build((*NATIVE_CC, INCLUDE, *SOURCES, *posix, "-o", str(native)),
              REPOSITORY, {})
    run_build((*WASI_CC, INCLUDE, *SOURCES, *preview1, "-o", str(guest)),
              REPOSITORY, {})
    try:
        places = [("native", [str(native)])]
        for host in hosts:
            if host.wasi != "preview1":
                continue
            program = host.prepare(guest)
            places.append((host.version(), host.command(program, (), "127.0.0.1:0")))
        for name, command in places:
            figures = measure([word for word in command if "listen" not in word
                               and word != "127.0.0.1:0"])
            lines.append(f"| {name} | {figures['echoes_per_s']:,.0f} "
                         f"| {figures['mib_per_s']:,.0f} |")
    except Missing as missing:
        lines.append(f"| not measured: {missing} | | |")
    return [*lines, ""]
