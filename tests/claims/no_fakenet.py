# SPDX-License-Identifier: MIT
"""A program without the in-process network has no part of it.

no_fakenet.py LLVM-NM PROGRAM
"""
import subprocess
import sys

symbols = subprocess.run(sys.argv[1:], check=True, text=True,
                         capture_output=True).stdout
assert "wasock_conn_read" in symbols
sys.exit("\n".join(line for line in symbols.splitlines()
                   if "fakenet" in line) or 0)
