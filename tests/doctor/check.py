# SPDX-License-Identifier: MIT
"""Does the doctor find on a host what docs/hosts.md says?

    check.py [--write | --deserted] HOST PROGRAM

HOST: see hosts.py; PROGRAM: preopens, built for it. Lines that begin with a ~
are timings and are not compared. With --write the report takes the place of the
one in docs/hosts.md. With --deserted the partner goes at once, and the report
has what was found until then.
"""
import difflib
import pathlib
import re
import subprocess
import sys
import threading

import hosts
import partner

END_S = 60
document = pathlib.Path(__file__).parents[2] / "docs/hosts.md"


def desert(address):
    partner.connect(address).close()


def consult(host, program, serve, exit_code):
    """The doctor's report."""
    with hosts.Host(host, [program, "probe"], stdout=subprocess.PIPE) as run:
        serving = threading.Thread(target=serve, daemon=True,
                                   args=(("127.0.0.1", run.port),))
        serving.start()
        text, _ = run.process.communicate(timeout=END_S)
        if run.process.returncode != exit_code:
            sys.exit(f"the doctor ended with {run.process.returncode}")
    return text.decode()


def section(host):
    """Where the report of a host stands in the document. Components find the
    same on wasmtime 46 as on 49."""
    title = re.sub("-on-wasmtime-46$", "-on-wasmtime-49", host)
    title = title.replace("-on-", " on ")
    match = re.search(rf"^## {title}\n.*?^```text\n(.*?)^```$",
                      document.read_text(), re.M | re.S)
    if match is None or "\n## " in match[0]:
        sys.exit(f"{document.name} has no report of {host}")
    return match


# On Node, what a peer did is detected when its event loop comes to it: these
# facts depend on the load of the machine.
LATE_ON_NODE = re.compile(r"meanwhile|reset|peer has ended|at EOF")


def lasting(text, host=""):
    return [line for line in text.splitlines() if not line.startswith("~") and
            not (host.endswith("-on-jco") and LATE_ON_NODE.search(line))]


def write(host, program):
    report = consult(host, program, partner.serve, 0)
    match = section(host)
    text = match.string
    document.write_text(text[:match.start(1)] + report + text[match.end(1):])


def check_deserted(host, program):
    exit_code = 1 if hosts.is_component([program]) else 2
    found = lasting(consult(host, program, desert, exit_code))
    known = lasting(section(host)[1])
    mode = [line for line in known if "mode of the listener" in line]
    assert mode and mode[0] in found, found
    assert any("shutdown again" in line and "(not asked)" in line
               for line in found), found


def check(host, program):
    report = consult(host, program, partner.serve, 0)
    match = section(host)
    difference = list(difflib.unified_diff(
        lasting(match[1], host), lasting(report, host), "docs/hosts.md", host,
        lineterm=""))
    assert len(lasting(report)) > 50, report
    if difference:
        sys.exit("\n".join(difference))


if __name__ == "__main__":
    verb = {"--write": write, "--deserted": check_deserted}.get(sys.argv[1])
    if verb is not None:
        verb(*sys.argv[2:])
    else:
        check(*sys.argv[1:])
