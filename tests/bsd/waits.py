# SPDX-License-Identifier: MIT
"""waits.py HOST PROGRAM: run waits.c or polls.c, which simulates each of these
hosts."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
for name in ("ideal", "wasi-common", "wazero", "wasi-go", "wamr", "wasip2",
             "wasip3"):
    print(name, flush=True)
    subprocess.run([hosts.path(host), "run", program, name], check=True,
                   timeout=50)
