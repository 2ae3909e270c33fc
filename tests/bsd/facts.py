# SPDX-License-Identifier: MIT
"""facts.py HOST PROGRAM: run facts.c in the sandbox, talking to itself."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
hosts.path(host)
sys.exit(subprocess.run([
    sys.executable, root / "tools/wasock-run", "--runtime", host, "--env",
    "WASOCK_BSD_LOOPBACK=1", "--dir", "/::/", program], timeout=50,
    stdin=subprocess.DEVNULL).returncode)
