# SPDX-License-Identifier: MIT
"""The archive's undefined symbols are the host's functions and mem*; what it
defines for others begins with wasock_.

symbols.py LLVM-NM ARCHIVE
"""
import pathlib
import re
import subprocess
import sys

text = (pathlib.Path(__file__).parents[2] / "src/wasip1.h").read_text()
allowed = set(re.findall(r"\b(wasip1_\w+)\(", text))
allowed |= {"memcpy", "memset", "memmove", "__stack_pointer",
            "__indirect_function_table"}
output = subprocess.run(sys.argv[1:], check=True, text=True,
                        capture_output=True).stdout
symbols = re.findall(r"^ *[0-9a-f]* ([A-Za-z]) (\S+)$", output, re.M)
defined = {name for kind, name in symbols if kind.isupper() and kind != "U"}
undefined = {name for kind, name in symbols if kind == "U"} - defined
assert "wasock_conn_read" in defined and "wasip1_sock_recv" in undefined

failures = [f"undefined: {name}" for name in sorted(undefined - allowed)]
failures += [f"exported: {name}" for name in sorted(defined)
             if not name.startswith("wasock_")]
sys.exit("\n".join(failures) or 0)
