# SPDX-License-Identifier: MIT
"""exits.py HOST PROGRAM: each status is the host's own exit code, as far as the
host has one for it, no host prints anything, and what err.h prints begins with
the program's name; natively and in the sandbox."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
is_native = host == "native"
is_component = False
command = [program]
if not is_native:
    hosts.path(host)
    is_component = hosts.is_component(command)
    command = [sys.executable, root / "tools/wasock-run", "--runtime", host,
               program]
COMMON = (0, 1, 125)
# In newer libcs what main returns does not pass through the layer.
STATUSES = {"exit": (*COMMON, 126, 255, 256, -1, 300), "_exit": (*COMMON, -1),
            "_Exit": (3, -1), "quick_exit": (3, -1), "return": COMMON,
            "err": (3, 255), "errx": (3,), "verr": (3,), "verrx": (3,),
            "warn": (0,), "broken": (0,)}
# The handlers come before the flush.
OUTPUT = {"_exit": "", "_Exit": "", "quick_exit": "at_quick_exit ",
          "broken": ""}
REASON = ": No such file or directory"
MESSAGES = {"err": [f"text 7{REASON}"], "verr": [f"text 7{REASON}"],
            "errx": ["text 7"], "verrx": ["text 7"],
            "warn": [f"one 1{REASON}", "two 2", REASON, REASON[2:], ""]}


def code_of(status):
    code = status & 0xff
    if is_component:
        return int(code != 0)
    return code if is_native or host == "wazero" else min(code, 125)


for how, statuses in STATUSES.items():
    for status in statuses:
        run = subprocess.run([*command, how, str(status)], text=True,
                             capture_output=True, stdin=subprocess.DEVNULL,
                             timeout=30)
        said = [line for line in run.stderr.splitlines()
                if line.strip() and "-Spreview2=n" not in line]
        assert run.returncode == code_of(status), (how, status, run)
        assert run.stdout == OUTPUT.get(how, "at_exit flushed "), (how, run)
        names = {line.partition(": ")[0] for line in said}
        assert len(names) <= 1 and all(
            name.startswith("exits") and "/" not in name
            for name in names), (how, run)
        messages = [line.partition(": ")[2] for line in said]
        assert messages == MESSAGES.get(how, []), (how, status, run)
