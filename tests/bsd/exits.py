# SPDX-License-Identifier: MIT
"""exits.py HOST PROGRAM: each status is the host's own exit code, as far as the
host has one for it, and no host prints anything."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
hosts.path(host)
is_component = hosts.is_component([program])
COMMON = (0, 1, 125)
# In newer libcs what main returns does not pass through the layer.
for how, more in (("exit", (126, 255, 256, -1, 300)), ("_exit", (-1,)),
                  ("return", ())):
    for status in (*COMMON, *more):
        run = subprocess.run(
            [sys.executable, root / "tools/wasock-run", "--runtime", host,
             program, how, str(status)], text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=30)
        code = status & 0xff
        if is_component:
            code = int(code != 0)
        elif host != "wazero":
            code = min(code, 125)
        said = [line for line in run.stderr.splitlines()
                if line.strip() and "-Spreview2=n" not in line]
        assert run.returncode == code and not said, (how, status, run)
