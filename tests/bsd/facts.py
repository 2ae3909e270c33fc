# SPDX-License-Identifier: MIT
"""facts.py HOST PROGRAM [network]: run facts.c in the sandbox, talking to
itself: in the process, or by the host's network. Its root directory is
FACTS_ROOT, by default the system's."""
import os
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
hosts.path(host)
how = ["--env", "WASOCK_BSD_LOOPBACK=1"]
if "network" in sys.argv[3:]:
    how = ["--network", "--env", "FACTS_ON_THE_NETWORK=1"]
sys.exit(subprocess.run([
    sys.executable, root / "tools/wasock-run", "--runtime", host, *how, "--dir",
    os.environ.get("FACTS_ROOT", "/") + "::/", program], timeout=50, stdin=subprocess.DEVNULL).returncode)
