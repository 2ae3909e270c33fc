#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the component types of src/host from its WIT, as C.

A component type is a custom section of the module that a component is made of.
It says which interfaces the module's imports and exports belong to.

component-type.py           write src/host/wasip[23]/type.c and run_type.c
component-type.py --check   compare them with what would be written; 77, for
                            skipped, where wasm-tools is not installed
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[1]
host = root / "src/host"
sys.path.insert(0, str(root / "tests/claims"))
import wasm  # noqa: E402

SKIPPED = 77
LINE_MAX = 60
TEXT = """\
/* SPDX-License-Identifier: MIT */
/* Made by tools/component-type.py of {source}, world {world}. */

/* A module that uses the symbol gets the section below. */
extern const char wasock__{symbol};
const char wasock__{symbol} = 0;

/* clang-format off */
__asm__(
    ".section "
    "\\".custom_section.component-type:wasock-{name}\\",\\"\\",@\\n"
{lines});
"""


def find_wasm_tools():
    installed = root / ".hosts/bin/wasm-tools"
    return os.environ.get("WASM_TOOLS") or (
        str(installed) if installed.exists() else shutil.which("wasm-tools"))


def without_producers(component):
    """Leave out the version of wasm-tools that made it."""
    result, at = component[:8], 8
    while at < len(component):
        length, start = wasm.leb(component, at + 1)
        section = component[at:start + length]
        if component[start:start + 10] != b"\x09producers":
            result += section
        at += len(section)
    return result


def encode(wasm_tools, source, world):
    """The section's content."""
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, "module.wasm")
        subprocess.run([wasm_tools, "component", "embed", "--dummy", "--world",
                        world, source, "-o", result], check=True)
        module = result.read_bytes()
    for kind, content in wasm.sections(module):
        name = content[1:1 + content[0]]
        if kind == 0 and name.startswith(b"component-type"):
            return without_producers(content[1 + content[0]:])
    sys.exit(f"component-type.py: {wasm_tools} embedded no type")


def as_asm(content):
    """Lines of assembler's strings: what can be read as it is, the rest as
    octal numbers."""
    lines = [""]
    for byte in content:
        character = chr(byte)
        if not (character.isascii() and character.isalnum() or
                character in " :/.@-[]_"):
            character = f"\\\\{byte:03o}"
        if len(lines[-1]) + len(character) > LINE_MAX:
            lines.append("")
        lines[-1] += character
    return "\n".join(f'    ".ascii \\"{line}\\"\\n"' for line in lines)


def c_text(wasm_tools, version, world):
    source = host / f"wit/{version}.wit"
    return TEXT.format(source=source.relative_to(host), world=world,
                       symbol=f"{world}_type", name=f"{version}-{world}",
                       lines=as_asm(encode(wasm_tools, source, world)))


def main():
    check = sys.argv[1:] == ["--check"]
    wasm_tools = find_wasm_tools()
    if not wasm_tools:
        print("SKIP: wasm-tools is not installed; tools/setup.sh does it")
        return 1 if os.environ.get("CI") == "true" else SKIPPED
    failures = []
    for version in ("wasip2", "wasip3"):
        for world, kind in (("sockets", "type"), ("run", "run_type")):
            path = host / version / f"{kind}.c"
            text = c_text(wasm_tools, version, world)
            if not check:
                path.write_text(text)
            elif not path.exists() or path.read_text() != text:
                failures.append(f"{path.relative_to(root)} is out of date: "
                                "run tools/component-type.py")
    return "\n".join(failures) or 0


sys.exit(main())
