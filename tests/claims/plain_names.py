# SPDX-License-Identifier: MIT
"""A configure script, which links without headers, finds each function that
src/bsd defines: by its plain name, here or in a libc. But it does not find those
of absent.c, which always fail, nor longjmp, which the headers choose.

plain_names.py LLVM-NM SYSROOT ARCHIVE...
"""
import pathlib
import re
import subprocess
import sys

nm, sysroot, *archives = sys.argv[1:]
headers = (pathlib.Path(__file__).parents[2] / "include/wasock-bsd").rglob("*.h")
renamed = {name for header in headers
           for name in re.findall(r"\bWASOCK_BSD\((\w+)\)", header.read_text())}


def defined(archive):
    """Its public functions: {name: its member}."""
    output = subprocess.run([nm, "--defined-only", archive], check=True,
                            text=True, capture_output=True).stdout
    found, member = {}, ""
    for line in output.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif symbol := re.match(r"[0-9a-f]+ [TWV] (\S+)$", line):
            found[symbol[1]] = member
    return found


libc = {name for library in pathlib.Path(sysroot).glob("lib/wasm32-*/*.a")
        if "++" not in library.name for name in defined(library)}
assert "fopen" in libc and "epoll_ctl" in renamed
failures = []
for archive in archives:
    names = defined(archive)
    for name in sorted(renamed):
        member = names.get(f"wasock_bsd_{name}", "")
        is_found = name in names or name in libc
        is_hidden = member.startswith("absent.") or "longjmp" in name
        if member and is_found == is_hidden:
            failures.append(f"{archive}: {name}, of {member}, is " +
                            ("found" if is_found else "not found"))
sys.exit("\n".join(failures) or 0)
