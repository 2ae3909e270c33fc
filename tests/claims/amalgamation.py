# SPDX-License-Identifier: MIT
"""tools/amalgamate.sh: its two files compile without a warning, with and
without the in-process network, and the freestanding echo made from them is
small and imports what the one made from the library does.

amalgamation.py FREESTANDING.wasm COMPILER FLAG...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BYTES_MAX = 4096
root = pathlib.Path(__file__).parents[2]
library_made = pathlib.Path(sys.argv[1]).read_bytes()
compiler = sys.argv[2:]
warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
size = ["-std=c11", "-Oz", "-flto", "-ffreestanding", "-nostdlib",
        "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections",
        "-Wl,--gc-sections,-s,--compress-relocations"]


def imports(module):
    return sorted(set(re.findall(
        rb"wasi_snapshot_preview1.([a-z_]+)\0", module)))


with tempfile.TemporaryDirectory() as scratch:
    for option in (["--fakenet"], []):
        subprocess.run([str(root / "tools/amalgamate.sh"), *option, scratch],
                       check=True)
        subprocess.run([*compiler, *warnings, "-std=c11", "-Os",
                        "-ffreestanding", "-c", f"{scratch}/wasock.c",
                        "-o", f"{scratch}/wasock.o"], check=True)
        header = pathlib.Path(scratch, "wasock.h").read_text()
        assert ("wasock_fakenet_init" in header) == bool(option)
    program = pathlib.Path(scratch, "echo.c")
    source = (root / "examples/tcpecho_freestanding.c").read_text()
    assert "#include <wasock/wasock.h>" in source
    program.write_text(source.replace("<wasock/wasock.h>", '"wasock.h"'))
    module = pathlib.Path(scratch, "echo.wasm")
    subprocess.run([*compiler, *size, str(program), f"{scratch}/wasock.c",
                    "-o", str(module)], check=True)
    made = module.read_bytes()

print(f"{len(made)} bytes; made from the library: {len(library_made)}")
assert len(made) <= BYTES_MAX, "the freestanding echo is too large"
assert imports(made) == imports(library_made) != [], "other imports"
