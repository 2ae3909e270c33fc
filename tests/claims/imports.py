# SPDX-License-Identifier: MIT
"""Examples import what imports.txt says, all of it from preview1.

imports.py EXAMPLES-DIRECTORY
"""
import pathlib
import sys

import wasm

here = pathlib.Path(__file__).parent
folder = pathlib.Path(sys.argv[1])
# They need sources that tools/setup.sh fetches.
OPTIONAL = ("httpd.wasm", "https.wasm")
failures = []
expected = {}
for line in (here / "imports.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, *functions = line.split()
        if name not in OPTIONAL or (folder / name).exists():
            expected[name] = sorted(functions)

for name, wanted in expected.items():
    found = wasm.imports((folder / name).read_bytes())
    strangers = [pair for pair in found if pair[0] != "wasi_snapshot_preview1"]
    if strangers:
        failures.append(f"{name} imports {strangers}")
    functions = sorted(function for _, function in found)
    if functions != wanted:
        failures.append(f"{name} imports\n  {' '.join(functions)}\nand not\n  "
                        f"{' '.join(wanted)}")
built = {path.name for path in folder.glob("*.wasm")}
if built != set(expected):
    failures.append(f"built {sorted(built)}, listed {sorted(expected)}")
sys.exit("\n".join(failures) or 0)
