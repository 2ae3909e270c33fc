# SPDX-License-Identifier: MIT
"""run.py WASOCK_CC FOLDER HOST: with --run, wasock-cc makes what configure
scripts can run."""
import os
import pathlib
import shutil
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

compiler, folder, host = sys.argv[1:4]
hosts.path(host)
os.environ["WASOCK_RUNTIME"] = host
scratch = pathlib.Path(folder) / "with --run"
SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    FILE *file = fopen("conftest.val", "w"); /* as configure's programs do */
    if (!file || fprintf(file, "%d", argc) < 0 || fclose(file)) {
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        printf("<%s>", argv[i]);
    }
    printf("%s", getenv("NAME") ? getenv("NAME") : "");
    return argc > 3;
}
"""


def compile_with(*options):
    subprocess.run([compiler, "--run", *options], check=True, cwd=scratch)


def run(program, *arguments):
    return subprocess.run([program, *arguments], cwd=scratch, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)


def files():
    return sorted(path.name for path in scratch.iterdir())


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir()
(scratch / "conftest.c").write_text(SOURCE)
compile_with("-o", "conftest", "conftest.c")
assert files() == ["conftest", "conftest.c", "conftest.wasm"], files()
good = run("./conftest", "a b", "*")
assert (good.returncode, good.stdout) == (0, "<a b><*>"), good
assert (scratch / "conftest.val").read_text() == "3"
bad = run("./conftest", "1", "2", "3")
assert bad.returncode == 1, bad
os.environ["WASOCK_RUN_OPTIONS"] = "--env NAME=value"
assert run(scratch / "conftest").stdout == "value"

# The ways to name an output, and what is none.
compile_with("conftest.c")
compile_with("conftest.c", "-oother")
compile_with("conftest.c", "-o", "module.wasm")
compile_with("-c", "conftest.c")
compile_with("conftest.o", "-o", "linked")
assert files() == ["a.out", "a.out.wasm", "conftest", "conftest.c",
                   "conftest.o", "conftest.val", "conftest.wasm", "linked",
                   "linked.wasm", "module.wasm", "other", "other.wasm"], files()
for program in "a.out", "other", "linked":
    assert run(f"./{program}").stdout == "value", program
assert (scratch / "module.wasm").read_bytes().startswith(b"\0asm")

# A link that fails leaves nothing to run.
failed = subprocess.run([compiler, "--run", "-x", "c", "-", "-o", "failed"],
                        input="int nowhere(void); int main(void) "
                        "{ return nowhere(); }", text=True, cwd=scratch,
                        capture_output=True)
assert failed.returncode != 0 and not (scratch / "failed").exists(), failed
