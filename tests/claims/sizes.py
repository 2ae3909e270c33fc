# SPDX-License-Identifier: MIT
"""Bytes of wasm, printed and held to the budgets of sizes.txt.

sizes.py [--print] BUILD-DIRECTORY LLVM-NM
"""
import pathlib
import re
import subprocess
import sys

import wasm

is_judge = "--print" not in sys.argv
build, nm = [a for a in sys.argv[1:] if a != "--print"]
build = pathlib.Path(build)
here = pathlib.Path(__file__).parent


def output_of(*command):
    return subprocess.run(command, check=True, text=True,
                          capture_output=True).stdout


def files():
    """The programs: all bytes of a module."""
    return {path.name: path.stat().st_size
            for path in (build / "examples").glob("*.wasm")}


def linked_code():
    """The whole library, every function of it, linked without a libc."""
    module = build / "tests/claims/freestanding.wasm"
    return {"libwasock.a": wasm.code_size(module.read_bytes())}


def object_code():
    """The code of each object in the archive."""
    text = output_of(re.sub(r"nm(?=[^/]*$)", "size", nm), "-A",
                     build / "libwasock.a")
    return {name: int(size) for name, size in re.findall(
        r"^(\w+\.c)\S* +\(ex .*?^CODE +(\d+)", text, re.M | re.S)}


def structures():
    """What users allocate, as sizes.c measures it."""
    [measured] = build.glob("tests/claims/**/sizes.c.*")
    return {name: int(size, 16) for size, name in re.findall(
        r"^\w+ (\w+) D size_of_(\w+)$", output_of(nm, "-S", measured), re.M)}


def frames():
    """The largest stack frame of each source file."""
    folder = build / "CMakeFiles/wasock.dir/src"
    return {str(path.relative_to(folder)).removesuffix(".su"): max(
        int(line.split("\t")[1]) for line in path.read_text().splitlines())
        for path in folder.rglob("*.su") if path.stat().st_size > 0}


measured = {"file": files(), "linked": linked_code(), "code": object_code(),
            "struct": structures(), "frame": {"largest": max(frames().values())}}
budgets = {}
for line in (here / "sizes.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        measure, subject, budget = line.split()
        budgets[measure, subject] = int(budget)

failures = []
for measure, sizes in measured.items():
    for subject, size in sorted(sizes.items()):
        budget = budgets.pop((measure, subject), None)
        print(f"  {measure:6} {subject:28} {size:6} of {budget} bytes")
        if budget is None:
            failures.append(f"{measure} {subject} has no budget in sizes.txt")
        elif size > budget:
            failures.append(f"{measure} {subject}: {size} bytes, over its "
                            f"budget of {budget}")
failures += [f"sizes.txt: {measure} {subject} was not found"
             for measure, subject in budgets
             # These need what tools/setup.sh fetches.
             if subject not in ("httpd.wasm", "https.wasm")]
if is_judge:
    sys.exit("\n".join(failures) or 0)
