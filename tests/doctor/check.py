# SPDX-License-Identifier: MIT
"""Does the doctor find on a host what docs/hosts.md says?

    check.py [--write] HOST PROGRAM

HOST: wasmtime, wasmtime-46, wasmi, wazero or native; PROGRAM: preopens, built
for it. Lines that begin with a ~ are timings and are not compared. With
--write the report takes the place of the one in docs/hosts.md.
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


def consult(host, program):
    """The doctor's report."""
    with hosts.Host(host, [program, "probe"], stdout=subprocess.PIPE) as run:
        serving = threading.Thread(target=partner.serve, daemon=True,
                                   args=(("127.0.0.1", run.port),))
        serving.start()
        text, _ = run.process.communicate(timeout=END_S)
        if run.process.returncode != 0:
            sys.exit(f"the doctor ended with {run.process.returncode}")
    return text.decode()


def section(host):
    """Where the report of a host stands in the document."""
    match = re.search(rf"^## {host}\n.*?^```text\n(.*?)^```$",
                      document.read_text(), re.M | re.S)
    if match is None or "\n## " in match[0]:
        sys.exit(f"{document.name} has no report of {host}")
    return match


def lasting(text):
    return [line for line in text.splitlines() if not line.startswith("~")]


def main(arguments):
    write = arguments[0] == "--write"
    host, program = arguments[write:]
    report = consult(host, program)
    match = section(host)
    if write:
        text = match.string
        document.write_text(text[:match.start(1)] + report +
                            text[match.end(1):])
        return
    difference = list(difflib.unified_diff(
        lasting(match[1]), lasting(report), "docs/hosts.md", host,
        lineterm=""))
    assert len(lasting(report)) > 50, report
    if difference:
        sys.exit("\n".join(difference))


if __name__ == "__main__":
    main(sys.argv[1:])
