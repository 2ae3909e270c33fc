# SPDX-License-Identifier: MIT
"""The repository's rules that no compiler knows. Prints what breaks them."""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
failures = []


def complain(path, text):
    failures.append(f"{path.relative_to(root)}: {text}")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text,
                  flags=re.S)
    return re.sub(r'"(\\.|[^"\\])*"', '""', text)


files = subprocess.run(["git", "-C", root, "ls-files", "-co",
                        "--exclude-standard"],
                       text=True, capture_output=True).stdout.split()
if not files:  # an exported tree
    files = [p.relative_to(root) for p in root.rglob("*") if p.is_file()]
files = [root / f for f in files if (root / f).is_file()]
sources = [f for f in files if f.suffix in (".c", ".h", ".sh", ".py", ".cmake")]
core = [f for f in files if f.parent == root / "src"]
headers = [f for f in files if f.parent == root / "include/wasock"]
assert core and headers, "the sources were not found"

for path in sources:
    text = path.read_text()
    if "SPDX-License-Identifier: MIT" not in "\n".join(text.splitlines()[:3]):
        complain(path, "no SPDX line at its head")
    if path.name != "rules.py" and re.search(r"\b(TODO|FIXME|XXX)\b", text):
        complain(path, "an unfinished mark")

# The freestanding rules, and who may know the host.
waist_users = {"clock.c", "fd.c", "env.c", "preopen.c", "poller_host.c"}
for path in core:
    text = without_comments(path.read_text())
    for word in ("malloc", "calloc", "realloc", "free", "printf", "errno",
                 "alloca"):
        if re.search(rf"\b{word}\s*\(|\b{word};", text):
            complain(path, f"uses {word}")
    for include in re.findall(r"#include\s+<([^>]+)>", path.read_text()):
        if not include.startswith("wasock/") and include not in (
                "stdint.h", "stddef.h", "stdbool.h"):
            complain(path, f"includes <{include}>")
    if '"wasip1.h"' in path.read_text() and path.name not in waist_users:
        complain(path, "knows the host")
    if len(path.read_text().splitlines()) > 800:
        complain(path, "over 800 lines")

# Functions fit a screen.
for path in core + [f for f in files if f.parent == root / "examples"
                    and f.suffix == ".c"]:
    start = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start > 61:
                complain(path, f"line {start}: a function of "
                               f"{number - start - 1} lines")
            start = None

# Each public declaration says what it stands on and how it fails.
for path in headers:
    text = path.read_text().split("Private from here on")[0]
    text = re.sub(r"\bstatic inline\b", "", text)
    for match in re.finditer(r"/\*((?:(?!\*/).)*?)\*/\s*\n((?:[a-z][^;{}/]*"
                             r"\([^;{}]*[;{])+)", text, re.S):
        comment, declaration = match[1], match[2].split("(")[0]
        if declaration.startswith("struct ") and "*" not in declaration:
            continue
        for word in ("Errors:", "Source:"):
            if word not in comment:
                complain(path, f"{declaration.strip()} has no {word}")

print("\n".join(failures))
sys.exit(1 if failures else 0)
