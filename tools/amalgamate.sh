#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Write the library as two files, for programs that keep its source in their
# tree:
#
#   tools/amalgamate.sh [--fakenet] [FOLDER]    (default: build/amalgamation)
#
# wasock.c   core, poller and server, and with --fakenet the in-process network
# wasock.h   the public headers of these
#
# Compile wasock.c with -ffreestanding -ffunction-sections -fdata-sections and
# link with -Wl,--gc-sections. It is for preview1 hosts.
set -eu
cd "$(dirname "$0")/.."
exec python3 - "$@" <<'EOF'
import collections
import os
import pathlib
import re
import sys

arguments = sys.argv[1:]
with_fakenet = "--fakenet" in arguments
folders = [a for a in arguments if a != "--fakenet"]
if len(folders) > 1 or any(a.startswith("-") for a in folders):
    sys.exit("usage: tools/amalgamate.sh [--fakenet] [FOLDER]")
folder = pathlib.Path(folders[0] if folders else "build/amalgamation")

headers = sorted(pathlib.Path("include/wasock").glob("*.h"))
left_out = {"wasock.h", "directories.h"} | (
    set() if with_fakenet else {"fakenet.h"})
headers = [h for h in headers if h.name not in left_out]
sources = sorted(pathlib.Path("src").glob("*.c"))
for name in ["poller", "server"] + (["fakenet"] if with_fakenet else []):
    sources += sorted(pathlib.Path("src", name).glob("*.c"))
if not with_fakenet:  # nothing else has a backend
    sources.remove(pathlib.Path("src/backend.c"))
sources += sorted(pathlib.Path("src/host/preview1").glob("*.c"))
sources.append(pathlib.Path("src/host/no_set.c"))

umbrella = pathlib.Path("include/wasock/wasock.h").read_text()
version = re.search(r'WASOCK_VERSION "(.*)"', umbrella)[1]
include = re.compile(r'^#include (?:<(wasock/.*)>|"(.*)")\n', re.M)
system_include = re.compile(r"^#include <std(?:int|def|bool)\.h>\n", re.M)


def find(header, includer):
    """The path of an included header."""
    if header.startswith("wasock/"):
        return pathlib.Path("include", header)
    return pathlib.Path(os.path.normpath(includer.parent / header))


def body(path):
    text = path.read_text()
    text = text.replace("/* SPDX-License-Identifier: MIT */\n", "", 1)
    return system_include.sub("", text)


def headers_of(text, path):
    """The text of the headers that a file includes and no file before did."""
    front = ""
    for match in include.finditer(text):
        front += expand(find(match[1] or match[2], path))
    return front


def expand(path):
    """The text of a header, unless it stands already, with its own in front."""
    if path in seen:
        return ""
    seen.add(path)
    text = body(path)
    return headers_of(text, path) + include.sub("", text).strip("\n") + "\n\n"


def names_of(text):
    """What a source file defines for itself: functions, variables, tags."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    names = set(re.findall(r"^static [^;={(]*?\b(\w+)(?:\[[^\]]*\])*"
                           r"(?: =|\(|;)", text, re.M))
    names |= set(re.findall(r"^(?:struct|union|enum) (\w+) \{", text, re.M))
    return names


head = ("/* SPDX-License-Identifier: MIT */\n"
        f"/* wasock {version} in one file, made by tools/amalgamate.sh. */\n")
seen = set()
public = "".join(expand(header) for header in headers)
folder.mkdir(parents=True, exist_ok=True)
version_lines = re.search(r"#define WASOCK_VERSION_MAJOR.*?\n\n", umbrella,
                          re.S)[0]
(folder / "wasock.h").write_text(
    head + "#ifndef WASOCK_AMALGAMATION_H\n#define WASOCK_AMALGAMATION_H\n\n"
    "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n" +
    version_lines + public + "#endif\n")

weak = re.compile(r"^__attribute__\(\(weak\)\)[^{;]*?(\w+)\([^{;]*\)\n\{\n"
                  r".*?^\}\n", re.M | re.S)
definition = re.compile(r"^(?!static|__attribute__)[^\n/*#{};]*?(?:[ *]|\n)"
                        r"(wasock_\w+)\([^{;]*\)\n\{", re.M)
strong = {n for s in sources for n in
          definition.findall(weak.sub("", body(s)))}
owners = collections.Counter(n for s in sources for n in names_of(body(s)))
parts = [head, '#include "wasock.h"\n\n']
for source in sources:
    text = weak.sub(lambda m: "" if m[1] in strong else m[0], body(source))
    shared = sorted(n for n in names_of(text) if owners[n] > 1)
    prefix = re.sub(r"\W", "_", source.relative_to("src").with_suffix("")
                    .as_posix())
    macros = re.findall(r"^#define (\w+)", text, re.M)
    parts.append(headers_of(text, source) + f"/* ---- {source} ---- */\n\n")
    parts += [f"#define {n} wasock__{prefix}__{n}\n" for n in shared]
    parts.append(include.sub("", text).strip("\n") + "\n\n")
    parts += [f"#undef {n}\n" for n in shared + macros]
(folder / "wasock.c").write_text("".join(parts))
EOF
