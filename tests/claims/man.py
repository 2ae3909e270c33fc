# SPDX-License-Identifier: MIT
"""Every public call and every tool has a man page and is in the index, the page
of wasock-run has all of its options, and all pages render without warnings.

man.py MAN-FOLDER
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
root = pathlib.Path(__file__).parents[2]
headers = (root / "include/wasock").glob("*.h")
index = (folder / "man7/wasock.7").read_text()
failures = []

calls = []
for header in headers:
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    text = re.sub(r"\{[^{}]*\}", "", text.replace('extern "C" {', ""))
    calls += re.findall(r"^[a-z][^;#(]*?\b(wasock_(?!_)\w+)\([^;]*?\)", text,
                        re.M | re.S)
assert len(calls) > 100, "the calls were not recognised"
for call in set(calls):
    page = folder / "man3" / f"{call}.3"
    text = page.read_text() if page.exists() else ""
    if text.startswith(".so "):
        text = (folder / text.split()[1]).read_text()
    if not re.search(rf"^\.SS .*\b{call}\b", text, re.M):
        failures.append(f"{call} has no page")
    if f".BR {call} (3)" not in index:
        failures.append(f"{call} is not in wasock(7)")

# The options as the program knows them, not as its help prints them.
source = (root / "tools/wasock-run").read_text()
known = re.findall(r"add_argument\(\s*\"(-[^)]*?)\"[,)]", source)
options = [word for names in known for word in re.findall(r"--?[\w-]+", names)]
assert len(options) > 5, options
page = (folder / "man1/wasock-run.1").read_text().replace("\\-", "-")
failures += [f"wasock-run(1) lacks {option}" for option in options
             if not re.search(rf"^\.B (?:.*, )?{option}\b", page, re.M)]
for tool in ("wasock-run", "wasock-cc", "wasock-component", "wasock-optimize"):
    text = (folder / f"man1/{tool}.1").read_text()
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION"):
        if not re.search(rf"^\.SH {section}\n(?!\.SH).+", text, re.M):
            failures.append(f"{tool}(1) has no {section}")
    if f".BR {tool} (1)" not in index:
        failures.append(f"{tool} is not in wasock(7)")

commands = [[tool, *options] for tool, *options in (
    ["mandoc", "-Tlint", "-W", "warning"],
    ["man", "--warnings=w", "-E", "UTF-8", "-l"]) if shutil.which(tool)]
if not commands and os.environ.get("CI") == "true":
    failures.append("neither mandoc nor man is installed; tools/setup.sh does it")
for page in sorted(folder.glob("man?/*")):
    if page.read_text().startswith(".so "):
        continue
    for command in commands:
        run = subprocess.run([*command, page], capture_output=True, text=True,
                             env={**os.environ, "MANWIDTH": "80"})
        said = run.stdout if command[0] == "mandoc" else run.stderr
        if said or run.returncode != 0:
            failures.append(f"{command[0]}: {page.name}: {said}")
sys.exit("\n".join(failures) or 0)
