# SPDX-License-Identifier: MIT
"""bare.py HOST PROGRAM: give bare.c its standard input, part by part, and read
its log; without a listener, and with one, which some hosts call a directory."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
if host != "native":
    hosts.path(host)


def run(*options):
    bare = subprocess.Popen(
        [sys.executable, root / "tools/wasock-run", "--runtime", host,
         *options, program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    bare.stdout.readline()
    bare.stdin.write(b"abcdef")
    bare.stdin.flush()
    bare.stdout.readline()
    bare.stdin.close()
    print(bare.stdout.read().decode(), end="")
    log = bare.stderr.read().decode()
    if host != "native":
        assert "bare: part 3: No such file or directory\n" in log, log
    return bare.wait(timeout=50)


failed = run()
if host != "native":
    failed |= run("--listen", "127.0.0.1:0")
sys.exit(failed)
