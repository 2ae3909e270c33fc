# SPDX-License-Identifier: MIT
"""Components import what the host's object names in its WIT, and what the
adapter of a libc needs; they export run, and keep to the budgets of sizes.txt.

made_of.py WASM-TOOLS wasip2|wasip3 EXAMPLES-DIRECTORY [--sizes]
"""
import pathlib
import re
import subprocess
import sys

wasm_tools, version, folder = sys.argv[1:4]
here = pathlib.Path(__file__).parent
wit = (here.parents[1] / f"src/host/wit/{version}.wit").read_text()
release = "0.2" if version == "wasip2" else "0.3"

# A program's libc, by the adapter: its files and standard streams.
ADAPTER = {f"wasi:{name}@0.2" for name in (
    "cli/environment", "cli/exit", "cli/stdin", "cli/stdout", "cli/stderr",
    "cli/terminal-input", "cli/terminal-output", "cli/terminal-stdin",
    "cli/terminal-stdout", "cli/terminal-stderr", "clocks/wall-clock",
    "random/random",
    "clocks/monotonic-clock", "filesystem/types", "filesystem/preopens",
    "io/error", "io/streams", "io/poll")}


def world(text, verb):
    """The interfaces of a world, without the last part of their versions: 0.2.x
    is compatible."""
    return set(re.findall(rf"^  {verb} (wasi:[\w/-]+@\d+\.\d+)\.\d+;", text,
                          re.M))


named = world(wit, "import")
assert len(named) > 8, named
failures = []
budgets = {}
for line in (here / "sizes.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, *sizes = line.split()
        budgets[name] = int(sizes[0 if version == "wasip2" else 1])
programs = {path.name: path for path in pathlib.Path(folder).glob("*.wasm")}
if "--sizes" in sys.argv and programs.keys() != budgets.keys():
    failures.append(f"built {sorted(programs)}, listed {sorted(budgets)}")

for name, path in sorted(programs.items()):
    text = subprocess.run([wasm_tools, "component", "wit", path], text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    text = re.search(r"^world root \{.*?^\}", text, re.M | re.S)[0]
    n_lines = len(re.findall(r"^  (?:import|export) ", text, re.M))
    imports, exports = world(text, "import"), world(text, "export")
    allowed = named if "freestanding" in name else named | ADAPTER
    if imports - allowed or n_lines != len(imports) + len(exports):
        failures.append(f"{name} imports {sorted(imports - allowed)}\n{text}")
    if exports != {f"wasi:cli/run@{release}"}:
        failures.append(f"{name} exports {sorted(exports)}")
    size, budget = path.stat().st_size, budgets.get(name, 0)
    if "--sizes" in sys.argv and not budget * 0.93 <= size <= budget:
        failures.append(f"{name} has {size} bytes, its budget is {budget}")
sys.exit("\n".join(failures) or 0)
