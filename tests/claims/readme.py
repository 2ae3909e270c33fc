# SPDX-License-Identifier: MIT
"""The README's C is code of examples/, word for word, and so is built and run;
the files that it names are there."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).parents[2]
readme = (root / "README.md").read_text()
examples = [path.read_text() for path in (root / "examples").glob("*.c")]
failures = []

blocks = re.findall(r"^```c\n(.*?)^```$", readme, re.M | re.S)
assert blocks, "the README shows no C"
for block in blocks:
    if not any(block in text for text in examples):
        failures.append(f"README.md: in no example:\n{block}")

names = set(re.findall(r"(?<![\w/])(?:include|src|examples|tests|bench|tools|cmake)/"
                       r"[\w./-]*\w", readme))
assert names, "the README names no file"
failures += [f"README.md: there is no {name}" for name in sorted(names)
             if not (root / name).exists()]
sys.exit("\n".join(failures) or 0)
