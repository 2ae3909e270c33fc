# SPDX-License-Identifier: MIT
"""tests/semantics.md names every line of the reference once, and no test that
does not exist."""
import pathlib
import re
import sys

LINES = dict(A=9, B=6, C=7, D=7, E=7, F=8, G=2, H=8, I=1, J=1, K=8, L=1, M=18,
             N=3)
tests = pathlib.Path(__file__).parents[1]
text = (tests / "semantics.md").read_text()
heads = re.findall(r"^\| ((?:[A-N]\d+[a-z]?(?:, )?)+)", text, re.M)
named = [line for head in heads for line in head.replace(" ", "").split(",")
         if line]
wanted = [f"{letter}{i + 1}" for letter, n in LINES.items() for i in range(n)]
failures = [f"{line}: {named.count(line)} times" for line in wanted
            if named.count(line) != 1]
sources = {path.stem: path.read_text()
           for path in (tests / "unit").glob("test_*.c")}
for name in set(re.findall(r"\btest_\w+", text)) - sources.keys():
    if not any(f" {name}(" in source or f" {name}_in(" in source or
               f"({name})" in source for source in sources.values()):
        failures.append(f"{name}: no such test")
sys.exit("\n".join(failures) or 0)
