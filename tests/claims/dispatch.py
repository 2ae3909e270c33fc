# SPDX-License-Identifier: MIT
"""What backends cost a program that does not use one: the size of tcpecho
beside that of a copy in which no call can reach a backend.

dispatch.py COMPILER FLAG...

The copy replaces each weak wasock__backend_ function of socket.c by a macro
with its result there, -WASOCK_ECLOSED.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BYTES_MAX = 64
root = pathlib.Path(__file__).parents[2]
DECLARATION = r"(?:int|ptrdiff_t)\s+(wasock__backend_\w+)\(([^;{]*?)\)"


def size(source, directory):
    program = directory / "tcpecho.wasm"
    subprocess.run(
        [*sys.argv[1:], f"-I{root}/include", "-Os", "-fvisibility=hidden",
         "-ffunction-sections", "-Wl,-s,--compress-relocations",
         str(root / "examples/tcpecho.c"), *map(str, source.rglob("*.c")),
         "-o", str(program)], check=True)
    return program.stat().st_size


def macro(declaration):
    name, parameters = declaration[1], declaration[2]
    names = re.findall(r"(\w+)(?:,|$)", parameters)
    used = "".join(f"(void)({parameter}), " for parameter in names)
    return f"#define {name}({', '.join(names)}) ({used}-256)\n"


with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    copy = scratch / "src"
    for pattern in ("*.[ch]", "poller/*.[ch]", "host/preview1/*.c",
                    "host/no_set.c"):
        for path in (root / "src").glob(pattern):
            target = copy / path.relative_to(root / "src")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text())
    (copy / "backend.c").unlink()  # only a backend links it
    with_it = size(copy, scratch)

    header = copy / "socket_internal.h"
    text, n_declared = re.subn(DECLARATION + r"[^;]*;", macro,
                               header.read_text())
    header.write_text(text)
    socket = copy / "socket.c"
    text, n_defined = re.subn(r"__attribute__\(\(weak\)\)\s+" + DECLARATION +
                              r"\n\{.*?\n\}\n", "", socket.read_text(),
                              flags=re.S)
    socket.write_text(text)
    assert n_declared == n_defined > 0, f"{n_declared}, {n_defined} functions"
    without = size(copy, scratch)
print(f"{with_it - without} of {with_it} bytes")
sys.exit(0 if 0 < with_it - without <= BYTES_MAX else
         f"more than {BYTES_MAX}, or nothing")
