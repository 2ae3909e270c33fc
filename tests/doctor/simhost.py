# SPDX-License-Identifier: MIT
"""Does the doctor find on a profile of simhost what it finds on the real host?

    simhost.py ON_SIMHOST PROFILE HOST

Or does it name the profile's host, HOST, where no real one can be asked?

    simhost.py --name ON_SIMHOST PROFILE HOST
"""
import re
import subprocess
import sys

import check

# What simhost does not do: the calls that the waist has not; the messages'
# flags, which the library never passes and its judge forbids; Nagle's
# algorithm, which is no host's but the kernel's.
UNKNOWN = ("fd_prestat_get of a socket", "fd_renumber to a closed number",
          "receive with PEEK", "WAITALL, half has arrived",
          "two small sends, then an answer")


def facts(report):
    rows = re.findall(r"^[ !] (\S.{33}) (\S.{21}) ", report, re.M)
    return {fact.strip(): found.strip() for fact, found in rows
            if fact.strip() not in UNKNOWN}


def report(program, profile):
    return subprocess.run([program, profile], text=True, check=True,
                          stdout=subprocess.PIPE, timeout=check.END_S).stdout


def compare_name(program, profile, host):
    name = re.search(r"^host: (.*)$", report(program, profile), re.M)[1]
    sys.exit(0 if name == host else f"{profile} is taken for {name}")


def compare_facts(program, profile, host):
    simulated = facts(report(program, profile))
    real = facts(check.section(host)[1])
    assert len(real) > 40, real
    different = [f"{fact}: {real.get(fact)} on {host}, {simulated.get(fact)} "
                 f"on simhost's {profile}"
                 for fact in real.keys() | simulated.keys()
                 if real.get(fact) != simulated.get(fact)]
    sys.exit("\n".join(different) or 0)


if __name__ == "__main__":
    if sys.argv[1] == "--name":
        compare_name(*sys.argv[2:])
    else:
        compare_facts(*sys.argv[1:])
