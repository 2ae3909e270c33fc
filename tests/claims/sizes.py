# SPDX-License-Identifier: MIT
"""Bytes of wasm, printed and held to sizes.txt.

sizes.py [--print] BUILD-DIRECTORY
"""
import pathlib
import sys

import wasm

arguments = [a for a in sys.argv[1:] if a != "--print"]
build = pathlib.Path(arguments[0])
here = pathlib.Path(__file__).parent
failures = []

for line in (here / "sizes.txt").read_text().splitlines():
    if not line or line.startswith("#"):
        continue
    path, measure, budget = line.split()
    data = (build / path).read_bytes()
    size = wasm.code_size(data) if measure == "code" else len(data)
    print(f"  {path:52} {measure:5} {size:7} of {int(budget):7} bytes")
    if size > int(budget):
        failures.append(f"{path}: {size} bytes, over its budget of {budget}")
if "--print" not in sys.argv:
    sys.exit("\n".join(failures) or 0)
