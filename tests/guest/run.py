# SPDX-License-Identifier: MIT
"""Run a guest that needs no socket on a host; its exit code says how it went.

run.py HOST PROGRAM
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "doctor"))
import hosts  # noqa: E402

with hosts.Host(sys.argv[1], [sys.argv[2]]) as host:
    sys.exit(host.process.wait(timeout=100))
