# SPDX-License-Identifier: MIT
"""locals.py COMPILER FOLDER HOST: each thread has its own thread_local variables,
in C and C++. HOST "native": with the system's compiler."""
import pathlib
import shutil
import subprocess
import sys

here = pathlib.Path(__file__).parent
root = here.parents[1]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

compiler, folder, host = sys.argv[1:4]
command, options, run = [compiler], ["--threads"], []
if host == "native":
    if shutil.which("c++") is None:
        print("no C++ compiler")
        sys.exit(77)
    command, options = ["c++"], ["-pthread"]
else:
    hosts.path(host)
    run = [sys.executable, root / "tools/wasock-run", "--runtime", host]
scratch = pathlib.Path(folder) / f"locals_{host}"
scratch.mkdir(exist_ok=True)
options += ["-std=c++17", "-fno-exceptions", "-Wall", "-Wextra", "-Werror"]
source = here / "locals.cc"
c_source = scratch / "plain.c"
c_source.write_text("_Thread_local int in_c_file[4] = {1, 2, 3, 4};\n")


def build(*words):
    subprocess.run([*command, *words], check=True, cwd=scratch)


def check(program):
    subprocess.run([*run, program], check=True, timeout=50,
                   stdin=subprocess.DEVNULL)


c_compiler = [shutil.which("cc")] if host == "native" else [compiler]
c_options = [word for word in options if word != "-std=c++17"]
build(*options, "-O0", "-MD", "-c", source, "-o", "main.o")
assert str(source) in (scratch / "main.d").read_text()
build(*options, "-O0", "-DOTHER", "-c", source, "-o", "other.o")
subprocess.run([*c_compiler, *c_options, "-O1", "-c", c_source, "-o",
                scratch / "plain.o"], check=True)
if host == "native":  # linking for the sandbox takes long
    build(*options, "main.o", "other.o", "plain.o", "-o", "all.wasm")
    check(scratch / "all.wasm")
# Compiled and linked by one command.
build(*options, "-O2", "-g", source, "other.o", "plain.o", "-o", "one.wasm")
check(scratch / "one.wasm")
