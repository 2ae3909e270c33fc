# SPDX-License-Identifier: MIT
"""binds.py HOST PROGRAM: a listener is the one whose port the environment says,
and no other's."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
for variable in ("WASOCK_LISTEN=127.0.0.1:8080", "WASOCK_LISTEN=8080",
                 "WASOCK_LISTEN=http=8080", "LISTEN_FDNAMES=8080"):
    with hosts.Host(host, ["--env", variable, program, "8081", "8080", "8080"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    text=True) as run:
        said, explained = run.process.communicate(timeout=20)
    assert said == "not available\nbound\nin use\n", (variable, said)
    assert "listener 1: " in explained and ":8080" in explained, explained
