# SPDX-License-Identifier: MIT
"""The command without a build system (docs/building.md) links the README's
program.

by_hand.py COMPILER FLAG...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
text = (root / "docs/building.md").read_text().replace("\\\n", "")
command = re.search(r"^ +clang --target=wasm32-wasip1 (.*) -o server.wasm$",
                    text, re.M)[1]
with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(folder) / "server.wasm"
    flags = " ".join(f"'{flag}'" for flag in sys.argv[1:])
    subprocess.run(f"{flags} {command} -o {program}", shell=True, check=True,
                   cwd=root)
    assert program.read_bytes().startswith(b"\0asm\1\0\0\0")
