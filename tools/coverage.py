# SPDX-License-Identifier: MIT
"""Turn lcov's records into a line a file, and compare the branches that no test
takes with tests/uncovered.txt, which says why. It lists by file

    N LINE      a line of the source, and N of its branches
    = REASON    of the lines above

and ? for N where it depends on the time. A branch that is missing here, or in
the list only, is a failure."""
import collections
import pathlib
import sys

LINES_FLOOR = 95.0
BRANCHES_FLOOR = 90.0
GUEST_ONLY = ("bsd", "libc")  # in src/: they need wasi-libc, guests test them
# In src/host: hosts of guests.
GUEST_HOSTS = ("component/", "wasip2/", "wasip3/", "preview1/preview1.c",
               "no_bsd.c", "no_set.c")

root = pathlib.Path(__file__).parents[1]
LIST = root / "tests/uncovered.txt"


class Tally:
    def __init__(self):
        self.n = self.n_reached = 0
        self.missing = []  # line numbers, once a branch

    def count(self, line, reached):
        self.n += 1
        self.n_reached += reached
        if not reached:
            self.missing.append(int(line))

    def percent(self):
        return 100.0 * self.n_reached / self.n if self.n else 100.0


def ranges(numbers):
    """{1, 2, 3, 7} as "1-3, 7"."""
    runs = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def read(stream):
    """The lines and branches of each file."""
    files = {}
    for record in stream:
        kind, _, value = record.strip().partition(":")
        fields = value.split(",")
        if kind == "SF":
            lines, branches = Tally(), Tally()
            files[pathlib.Path(value).relative_to(root)] = lines, branches
        elif kind == "DA":
            lines.count(fields[0], int(fields[1]) > 0)
        elif kind == "BRDA":
            branches.count(fields[0], fields[3] not in ("-", "0"))
    return files


def under_host(path):
    """The part of a path after src/host, or nothing."""
    return str(path).partition("src/host/")[2]


def listed():
    """The branches that may be missing: {(file, line): number, or None}, and
    the entries without a reason."""
    found, unexplained, path = {}, [], None
    for line in LIST.read_text().splitlines():
        number, _, text = line.partition(" ")
        if number == "=":
            unexplained = []
        elif number == "?" or number.isdigit():
            found[path, text.strip()] = None if number == "?" else int(number)
            unexplained.append(f"{path}: {text.strip()}: no reason is given")
        elif line.startswith("src/") or line.startswith("include/"):
            path = line.strip()
    return found, unexplained


def missing(files):
    """The branches that are: {(file, line): number}."""
    found = collections.Counter()
    for path, (_, branches) in files.items():
        lines = (root / path).read_text().splitlines()
        for number in branches.missing:
            found[str(path), lines[number - 1].strip()] += 1
    return found


def compare(files):
    """What the list and the tests do not agree about."""
    allowed, failures = listed()
    found = missing(files)
    for key in sorted({*allowed, *found}):
        n, n_allowed = found[key], allowed.get(key, 0)
        if n_allowed is not None and n != n_allowed:
            failures.append("%s: %s: " % key + f"{n} branches are not covered, "
                            f"{n_allowed} are listed in {LIST.name}")
    return failures


def total(tallies):
    return 100.0 * sum(t.n_reached for t in tallies) / sum(t.n for t in tallies)


files = read(sys.stdin)
failures = [f"{path.relative_to(root)}: no test runs it"
            for path in sorted(root.glob("src/**/*.c"))
            if path.relative_to(root) not in files
            and path.relative_to(root / "src").parts[0] not in GUEST_ONLY
            and not under_host(path).startswith(GUEST_HOSTS)]
for path, (lines, branches) in sorted(files.items()):
    print(f"  {str(path):26} {lines.percent():6.1f} % of {lines.n:4} lines "
          f"{branches.percent():6.1f} % of {branches.n:4} branches")
    for what, tally in ("lines", lines), ("branches in lines", branches):
        if tally.missing:
            print(f"    without {what} {ranges(tally.missing)}")
if files:
    lines, branches = (total([f[i] for f in files.values()]) for i in (0, 1))
    print(f"  {'all':26} {lines:6.1f} %               {branches:6.1f} %")
    if lines < LINES_FLOOR or branches < BRANCHES_FLOOR:
        failures.append(f"below {LINES_FLOOR} % of lines or "
                        f"{BRANCHES_FLOOR} % of branches")
    failures += compare(files)
else:
    failures.append("nothing was measured")
sys.exit("\n".join(failures) or 0)
