# SPDX-License-Identifier: MIT
"""targets.py BUILD TARGET FOLDER: wasock-cc makes the target that --target
names, in a build tree and installed, and says what it cannot make."""
import os
import pathlib
import shutil
import subprocess
import sys

build, target, folder = sys.argv[1:4]
prefix = pathlib.Path(folder) / "a prefix"
# What is installed finds wasm-tools in PATH.
hosts_bin = pathlib.Path(__file__).parents[2] / ".hosts/bin"
os.environ["PATH"] += f"{os.pathsep}{hosts_bin}"
MAGIC = {"wasip1": b"\0asm\1\0\0\0"}
COMPONENT = b"\0asm\x0d\0\1\0"
is_zig = pathlib.Path(build).name == "zig"  # its linker cannot wrap functions
SOURCE = """#include <sys/socket.h>
int main(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0; }
"""


def compile_with(compiler, *options):
    program = pathlib.Path(folder) / "targets.wasm"
    program.unlink(missing_ok=True)
    run = subprocess.run([compiler, *options, "-x", "c", "-", "-o", program],
                         input=SOURCE, text=True, capture_output=True)
    if run.returncode == 0:
        assert program.read_bytes()[:8] == MAGIC.get(target, COMPONENT)
    return run


shutil.rmtree(prefix, ignore_errors=True)
subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True,
               stdout=subprocess.DEVNULL)
for compiler in (f"{build}/bin/wasock-cc", prefix / "bin/wasock-cc"):
    for options in ([], [f"--target={target}"], ["--longjmp"],
                    ["--fpcast-emu", "--threads"]):
        run = compile_with(compiler, *options)
        if is_zig and options[-1:] in (["--longjmp"], ["--threads"]):
            assert run.returncode == 1 and "no --" in run.stderr, run
        else:
            assert run.returncode == 0, run
    for other in {"wasip1", "wasip2", "wasip3"} - {target}:
        run = compile_with(compiler, f"--target={other}")
        assert run.returncode == 1 and target in run.stderr, run
    run = compile_with(compiler, "--target=wasm32-unknown-elf")
    assert run.returncode == 1, run
    assert "wasip1, wasip2 or wasip3" in run.stderr, run
