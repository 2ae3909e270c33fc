# SPDX-License-Identifier: MIT
"""bare.py HOST PROGRAM: give bare.c its standard input, part by part, and read
its log; without a listener, and with one, which some hosts call a directory."""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
if host != "native":
    hosts.path(host)


def check_log(log):
    name = re.escape(pathlib.Path(program).stem) + r"\S*"
    assert re.search(rf"(?m)^{name}: without openlog\n"
                     r"bare: part 3: No such file or directory\n"
                     r"bare: with a newline\nbare: \nbare: is shown\n"
                     r"pid\[(\d+)\]: is \1\npid\[\1\]: x{1023}\n"
                     rf"{name}: closed\n", log), log


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
        check_log(log)
    return bare.wait(timeout=50)


failed = run()
if host != "native":
    failed |= run("--listen", "127.0.0.1:0")
sys.exit(failed)
