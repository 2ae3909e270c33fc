# SPDX-License-Identifier: MIT
"""tests/quirks.md has each quirk once, and what it names is there: tests,
fields of simhost's profiles, verdicts of its judge, functions. And each field
of a profile is named."""
import pathlib
import re
import sys

N_QUIRKS = 46
tests = pathlib.Path(__file__).parents[1]
text = (tests / "quirks.md").read_text()
simhost = "".join((tests / "simhost" / name).read_text()
                  for name in ("profile.h", "simhost.h"))
sources = "".join(path.read_text() for path in
                  (tests.parent / "src").rglob("*.[ch]"))
failures = []

rows = [line.strip("|").split("|") for line in text.splitlines()
        if re.match(r"\| \d", line)]
numbers = [int(row[0].split()[0]) for row in rows]
if numbers != list(range(1, N_QUIRKS + 1)):
    failures.append(f"not the quirks 1 to {N_QUIRKS}: {numbers}")

n_tests = 0
for number, (_, model, examined, code) in zip(numbers, rows):
    for field in re.findall(r"`(\w+)`|\b(SIMHOST_\w+)", model):
        if not re.search(rf"\b{''.join(field)}\b", simhost):
            failures.append(f"{number}: simhost has no {''.join(field)}")
    for entry in filter(None, map(str.strip, examined.split(";"))):
        name, _, functions = entry.partition(": ")
        path = tests / "unit" / f"{name}.c"
        source = path.read_text() if path.exists() else ""
        for function in functions.split(", "):
            n_tests += 1
            if not re.search(rf"cmocka_unit_test\w*\(\s*{function}\b", source):
                failures.append(f"{number}: {name} has no test {function}")
    for function in re.findall(r"\bwasock__?[a-z_]+", code):
        if not re.search(rf"\b{function}\(", sources):
            failures.append(f"{number}: there is no function {function}")
assert n_tests > 60, "the tests were not recognised"

profile = simhost[simhost.index("struct simhost_profile {"):]
profile = profile[:profile.index("};")]
for field in re.findall(r"\b(\w+);", re.sub(r"/\*.*?\*/", "", profile)):
    # The last two are beyond preview1.
    if field not in ("name", "backlog", "stdio_filetype", "keeps_sets",
                     "poll_cost"):
        if f"`{field}`" not in text:
            failures.append(f"no quirk names the profiles' {field}")
sys.exit("\n".join(failures) or 0)
