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
sources = [f for f in files if f.name == "CMakeLists.txt" or f.suffix in
           (".c", ".h", ".sh", ".py", ".cmake", ".go", ".rs")]
c_files = [f for f in sources if f.suffix in (".c", ".h")]
core = [f for f in files if f.suffix in (".c", ".h") and f.parent in
        (root / "src", root / "src/poller", root / "src/fakenet",
         root / "src/server")]
headers = [f for f in files if f.parent == root / "include/wasock"]
assert core and headers, "the sources were not found"

for path in sources:
    text = path.read_text()
    if "SPDX-License-Identifier: MIT" not in "\n".join(text.splitlines()[:3]):
        complain(path, "no SPDX line at its head")
    if path.name != "rules.py" and re.search(r"\b(TODO|FIXME|XXX)\b", text):
        complain(path, "an unfinished mark")

# The freestanding rules, and who may know the host.
waist_users = {"clock.c", "fd.c", "env.c", "preopen.c", "probe.c"}
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
    if re.search(r'"(\.\./)?wasip1\.h"', path.read_text()) and path.name not in waist_users:
        complain(path, "knows the host")
    if len(path.read_text().splitlines()) > 800:
        complain(path, "over 800 lines")

# Arrows point down: a file includes its own noun and those below it.
layers = [{"abi", "err", "text"}, {"addr", "wasip1"}, {"host"}, {"clock", "env", "lookup"}, {"fd"},
          {"socket"}, {"backend"}, {"conn", "poller"}, {"listener"}, {"preopen"},
          {"names", "fakenet", "directories", "server"}, {"wasock"}]
height = {noun: i for i, layer in enumerate(layers) for noun in layer}
for path in core + headers:
    folder = path.parent.name
    noun = path.stem.split("_")[0] if folder in ("src", "wasock") else folder
    if noun not in height:
        complain(path, "has no layer in rules.py")
        continue
    for include in re.findall(r'#include\s+(?:<wasock/|")([^>"]+)\.h',
                              path.read_text()):
        words = [w for w in include.split("/") if w != ".."]
        other = words[0].split("_")[0] if "/" in include or folder in (
            "src", "wasock") or include.startswith("wasock") else folder
        if other != noun and height.get(other, len(layers)) >= height[noun]:
            complain(path, f"includes {include}.h, which is not below it")

# Lines and functions fit a screen.
for path in c_files:
    start = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if len(line) > 80:
            complain(path, f"line {number}: over 80 columns")
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > 60:
                complain(path, f"line {start}: a function of"
                               f"{number - start - 1} lines")
            start = None

# Each public declaration stands below a comment, its own or that of the group
# of declarations it is in. The header is the manual.
n_declarations = 0
for path in headers:
    for paragraph in path.read_text().split("\n\n"):
        comment, _, code = paragraph.rpartition("*/\n")
        for name in re.findall(r"^[a-z][\w *]*?\b(wasock_[a-z]\w*)\(", code,
                               re.M):
            n_declarations += 1
            if "/*" not in comment:
                complain(path, f"{name} has no comment above it")
assert n_declarations > 50, "the headers' declarations were not recognised"

# Words that keep a reader guessing, and what to write instead. They were found
# in most reviews of the text.
banned = {
    r"in vain": "spurious, or: no data",
    r"(un)?told|hear[sd]?": "reported, returned, detected",
    r"notice[sd]": "detected, reported",
    r"so many": "N",
    r"as many as": "N, at most N",
    r"let go": "closed",
    r"worth a try": "a hint",
    r"found out": "detected",
    r"of late": "recently",
    r"elsewhere": "on other hosts, or what it is",
    r"in the process": "in-process",
    r"of what": "the noun",
    r"that which": "the noun",
    r"which is none": "not a ...",
    r"what stands": "the noun",
    r"bettered": "improved",
}
prose = headers + [f for f in files if f == root / "README.md" or
                   (f.suffix == ".md" and root / "docs" in f.parents)]
assert len(prose) > len(headers) + 2, "README and docs were not found"
# tests/bsd has programs as others write them, rules.py the words themselves.
n_prose = len(prose)
prose += [f for f in files if root / "tests" in f.parents and f.suffix in (
    ".c", ".h", ".py", ".md", ".txt") and root / "tests/bsd" not in f.parents
    and f.name != "rules.py"]
assert len(prose) > n_prose + 50, "the tests were not found"
for path in prose:
    text = re.sub(r"\n[ *#]*", " ", path.read_text())
    for pattern, instead in banned.items():
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.I):
            around = text[max(0, match.start() - 25):match.end() + 25]
            complain(path, f'"…{around}…": write {instead}')

print("\n".join(failures))
sys.exit(1 if failures else 0)
