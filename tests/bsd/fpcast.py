# SPDX-License-Identifier: MIT
"""fpcast.py WASOCK_CC FOLDER HOST: a program that calls a function through a
pointer of another type traps, which wasock-run explains; with --fpcast-emu it
runs. Without wasm-opt, wasock-cc names what is missing."""
import os
import pathlib
import pty
import subprocess
import sys

here = pathlib.Path(__file__).parent
root = here.parents[1]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

compiler, folder, host = sys.argv[1:4]
hosts.path(host)
HINT = "wasock-cc --fpcast-emu"


def build(*options):
    program = pathlib.Path(folder) / f"fpcast_{host}.wasm"
    subprocess.run([compiler, *options, "-w", here / "fpcast.c", "-o", program],
                   check=True)
    return program


def run(*words, **options):
    return subprocess.run([sys.executable, root / "tools/wasock-run",
                           "--runtime", host, *words], text=True, timeout=50,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          **options)


def run_on_terminal(program):
    """What is read on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    assert run(program, stderr=theirs).returncode != 0
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:  # nobody has the other end any more
        pass
    return text.decode()


program = build("-O1")
for words in ([program], ["-v", program]):
    trapped = run(*words, stderr=subprocess.PIPE)
    assert trapped.returncode not in (0, 1) or host == "wasmi", trapped
    assert "mismatch" in trapped.stderr, trapped
    assert (HINT in trapped.stderr) == ("-v" in words), trapped
text = run_on_terminal(program)
assert "mismatch" in text and HINT in text, text

ways = ["-O1", "-O2 -s", "-O1 -g"]
if "zig" not in pathlib.Path(compiler).parts:  # which has no threads
    ways.append("-O1 --threads")
for options in ways:
    program = build("--fpcast-emu", *options.split())
    good = run("-v", program, stderr=subprocess.PIPE)
    assert good.returncode == 0, (options, good)
    assert good.stdout == "without a result\n", good
    assert HINT not in good.stderr, good

environment = dict(os.environ, WASM_OPT="no-wasm-opt")
missing = subprocess.run([compiler, "--fpcast-emu", here / "fpcast.c", "-o",
                          program], env=environment, text=True,
                         capture_output=True)
assert missing.returncode == 1, missing
assert "binaryen" in missing.stderr, missing
