# SPDX-License-Identifier: MIT
"""bare.py HOST PROGRAM: give bare.c its standard input, part by part, and read
its log."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
if host != "native":
    hosts.path(host)
run = subprocess.Popen(
    [sys.executable, root / "tools/wasock-run", "--runtime", host, program],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
run.stdout.readline()
run.stdin.write(b"abcdef")
run.stdin.flush()
run.stdout.readline()
run.stdin.close()
print(run.stdout.read().decode(), end="")
log = run.stderr.read().decode()
if host != "native":
    assert "bare: part 3: No such file or directory\n" in log, log
sys.exit(run.wait(timeout=50))
