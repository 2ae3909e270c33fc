# SPDX-License-Identifier: MIT
"""Turn gcov's summary into a line a file of src/; fail below the floor.

What is not reached and why is written in tests/coverage.md.
"""
import re
import sys

LINES_FLOOR = 95.0
BRANCHES_FLOOR = 85.0

rows = {}
name = None
for line in sys.stdin:
    if match := re.match(r"File '.*?/?(src/[^']+\.c)'", line):
        name = match[1]
    elif line.startswith("File "):
        name = None
    elif name and (match := re.match(r"Lines executed:([\d.]+)% of (\d+)", line)):
        rows[name] = [float(match[1]), int(match[2]), 100.0, 0]
    elif name and (match := re.match(r"Taken at least once:([\d.]+)% of (\d+)", line)):
        rows[name][2:] = [float(match[1]), int(match[2])]


def total(percent, count):
    n = sum(row[count] for row in rows.values())
    return sum(row[percent] * row[count] for row in rows.values()) / max(n, 1)


for name, (lines, n_lines, branches, n_branches) in sorted(rows.items()):
    print(f"  {name:26} {lines:6.1f} % of {n_lines:4} lines "
          f"{branches:6.1f} % of {n_branches:4} branches")
print(f"  {'all':26} {total(0, 1):6.1f} %               {total(2, 3):6.1f} %")
if not rows or total(0, 1) < LINES_FLOOR or total(2, 3) < BRANCHES_FLOOR:
    sys.exit("coverage: below its floor, or nothing was measured")
