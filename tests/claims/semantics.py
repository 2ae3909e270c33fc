# SPDX-License-Identifier: MIT
"""tests/semantics.md has every line of the reference once, and what it names is
there: unit tests in the file it says, scenarios on real hosts. What names none
says why."""
import pathlib
import re
import sys

LINES = dict(A=9, B=6, C=7, D=7, E=7, F=8, G=2, H=8, I=1, J=1, K=8, L=1, M=18,
             N=3)
tests = pathlib.Path(__file__).parents[1]
text = (tests / "semantics.md").read_text()
e2e = (tests / "e2e" / "test_e2e.c").read_text()
run = (tests / "run" / "CMakeLists.txt").read_text()
failures = []
n_tests = 0
named = []


def is_there(place, name):
    if place == "e2e":
        return f'{{"{name}"' in e2e
    if place == "run":
        return f"run_test({name} " in run
    path = tests / "unit" / f"{place}.c"
    return path.exists() and re.search(
        rf"cmocka_unit_test\w*\(\s*{name}\b", path.read_text())


def names_in(place, list_):
    """What a list names; an e2e scenario's name may have commas."""
    if place != "e2e":
        return re.match(r"\w+(?:, \w+)*", list_)[0].split(", ")
    return [name for name in re.findall(r'\{"([^"]+)",', e2e) if name in list_]


for row in re.findall(r"^\| ([A-N]\d.*) \|$", text, re.M):
    head, _, became = row.partition(" | ")
    lines = re.match(r"(?:[A-N]\d+[a-z]?(?:, )?)+", head)[0].strip(", ")
    named += re.split(", ", lines)
    entries = re.findall(r"\b(test_\w+|e2e|run): ([^;.)]+)", became)
    for place, list_ in entries:
        for name in names_in(place, list_):
            n_tests += 1
            if not is_there(place, name):
                failures.append(f"{lines}: {place} has no {name}")
        if not names_in(place, list_):
            failures.append(f"{lines}: {place}: what?")
    if not entries and "left out" not in became:
        failures.append(f"{lines}: neither tested nor left out")

wanted = [f"{letter}{i + 1}" for letter, n in LINES.items() for i in range(n)]
failures += [f"{line}: {named.count(line)} times" for line in [*wanted, "K6b"]
             if named.count(line) != 1]
assert n_tests > 120, f"only {n_tests} tests were recognised"
sys.exit("\n".join(failures) or 0)
