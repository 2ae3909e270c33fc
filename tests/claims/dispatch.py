# SPDX-License-Identifier: MIT
"""What it costs tcpecho that there might be a network in the process: its size
beside that of one for which there is none, compiled from an edited copy.

dispatch.py COMPILER FLAG...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BYTES_MAX = 64
root = pathlib.Path(__file__).parents[2]
WITHOUT = """
#define wasock__socket_elsewhere(socket, operation, arg, n) \\
    ((void)(socket), (void)(arg), (ptrdiff_t)-256)
"""


def size(source, directory):
    program = directory / "tcpecho.wasm"
    subprocess.run(
        [*sys.argv[1:], f"-I{root}/include", "-Os", "-fvisibility=hidden",
         "-ffunction-sections", "-Wl,-s,--compress-relocations",
         str(root / "examples/tcpecho.c"), *map(str, source.rglob("*.c")),
         "-o", str(program)], check=True)
    return program.stat().st_size


def edit(path, pattern, replacement):
    text, n = re.subn(pattern, replacement, path.read_text(), flags=re.S)
    assert n == 1, f"{path.name}: {n} places look like {pattern}"
    path.write_text(text)


with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    copy = scratch / "src"
    (copy / "poller").mkdir(parents=True)
    for folder in ("", "poller"):
        for path in (root / "src" / folder).glob("*.[ch]"):
            (copy / folder / path.name).write_text(path.read_text())
    with_it = size(copy, scratch)
    edit(copy / "socket_internal.h",
         r"ptrdiff_t wasock__socket_elsewhere\([^;]*;", lambda _: WITHOUT)
    edit(copy / "socket.c",
         r"__attribute__\(\(weak\)\) ptrdiff_t .*?\n}\n", "")
    without = size(copy, scratch)
print(f"{with_it - without} of {with_it} bytes")
sys.exit(0 if 0 < with_it - without <= BYTES_MAX else
         f"more than {BYTES_MAX}, or nothing")
