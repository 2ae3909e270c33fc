#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the man pages: the public headers and the tools are their source.

    tools/man.py FOLDER

writes FOLDER/man3/wasock_NAME.3 for each include/wasock/NAME.h, a link to it
for each function, FOLDER/man7/wasock.7, the index of all calls, and
FOLDER/man1/TOOL.1: of wasock-run from its --help, of the shell scripts from the
comment at their head. No packaged tool reads plain comments: doxygen and its
like want marks in them.
"""

import os
import pathlib
import re
import subprocess
import sys
import time

root = pathlib.Path(__file__).resolve().parents[1]
headers = sorted((root / "include/wasock").glob("*.h"))
FUNCTION = re.compile(r"^[a-z][\w *]*?\b(wasock_[a-z]\w*)\(", re.M)
TYPE = re.compile(r"^(?:struct|enum|union|typedef)\s.*?\b(wasock_[a-z]\w*)", re.M)
MACRO = re.compile(r"^#define (WASOCK_[A-Z]\w*)", re.M)


TOOLS = {
    "wasock-run": "tools/wasock-run",
    "wasock-cc": "src/bsd/wasock-cc.in",
    "wasock-component": "tools/wasock-component",
    "wasock-optimize": "tools/wasock-optimize",
}

# Headers.


def date_of(path: pathlib.Path) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))


def is_private(name: str) -> bool:
    return "__" in name


def text_of(comment: str) -> list[str]:
    """The lines of a comment, without what marks it."""
    inner = comment.strip().removeprefix("/*").removesuffix("*/")
    lines = [re.sub(r"^ ?\* ?", "", line).rstrip() for line in inner.split("\n")]
    return [lines[0].strip(), *lines[1:]]


def without_private_members(code: str) -> str:
    lines, is_skipped, n_private = [], False, 0
    for line in code.split("\n"):
        if re.match(r"    [\w ]+[ *][^;]*\b\w+_(\[[^;]*\])*;", line):
            is_skipped, n_private = True, n_private + 1
            is_skipped = "/*" in line and "*/" not in line
        elif is_skipped:
            is_skipped = "*/" not in line
        else:
            lines.append(line)
    if n_private:
        lines.insert(len(lines) - 1, "    /* private members */")
    return "\n".join(lines)


def shown(code: str) -> str:
    """Declarations without attributes, bodies and private members."""
    code = re.sub(r"\s*__attribute__\(\(.*?\)\)", "", code)
    code = re.sub(r"\)\n\{\n.*?^\}", ");", code, flags=re.M | re.S)
    code = re.sub(r"^struct wasock_\w+;\n", "", code, flags=re.M)
    code = re.sub(r"^static inline ", "", code, flags=re.M)
    code = re.sub(r"^(#define \w+\([^()]*\)) *\\\n(?!.*X\().*", r"\1", code,
                  flags=re.M | re.S)  # a value is no reader's matter
    code = code.strip()
    return without_private_members(code) if code.startswith("struct") else code


class Item:
    """A comment, and the declarations below it."""

    def __init__(self, comment: str, code: str):
        self.lines = text_of(comment)
        self.functions = [n for n in FUNCTION.findall(code) if not is_private(n)]
        self.code = shown(code)
        found = self.functions or TYPE.findall(code) or MACRO.findall(code)
        names = [name for name in found if not is_private(name)]
        self.title = ", ".join(dict.fromkeys(names))
        if not self.title and re.search(r"^enum \{", code, re.M):
            self.title = "Constants"

    def is_public(self) -> bool:
        return bool(self.title) and not self.lines[0].startswith("Private")

    def summary(self) -> str:
        """The first sentence, up to a colon that needs what is in front."""
        text = " ".join(filter(None, map(str.strip, paragraph(self.lines))))
        return re.split(r"(?<=[^.])[.:;](?: |$)", text)[0] + "."


def paragraph(lines: list[str]) -> list[str]:
    """The first one."""
    start = next((i for i, line in enumerate(lines) if line), 0)
    end = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
    return lines[start:end]


class Header:
    def __init__(self, path: pathlib.Path):
        text = path.read_text()
        self.name = path.name
        self.page = "wasock_" + path.stem
        self.date = date_of(path)
        comment = re.search(r"/\*(?:\n \*)? \w+\.h - .*?\*/", text, re.S)[0]
        lines = text_of(comment)
        title = " ".join(paragraph(lines))
        self.title = re.sub(r"^\w+\.h - ", "", title).split(". ")[0].rstrip(".:")
        self.description = lines[1 + len(paragraph(lines)):]
        rest = re.sub(r"^/\* clang-format \w+ \*/\n", "", text[text.index(comment):],
                      flags=re.M)
        found = re.findall(r"^(/\*(?!\n? ?-).*?\*/)\n(.*?)(?=^/\*|^#ifdef|\Z)", rest,
                           re.M | re.S)
        self.items = [item for comment, code in found[1:]
                      if (item := Item(comment, code)).is_public()]
        self.functions = [f for item in self.items for f in item.functions]


# roff.


def escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return re.sub(r"^([.'])", r"\\&\1", text)


def literal(text: str) -> list[str]:
    lines = [re.sub(r"^([.'])", r"\\&\1", line.replace("\\", "\\e").replace(
        "-", "\\-")) for line in text.split("\n")]
    return [".PP", ".EX", *lines, ".EE"]


def is_indented(line: str) -> bool:
    return line.startswith("  ")


class Body:
    """A comment as roff. Indented lines are code or a table after an empty line
    or a colon, else they go on with what is above."""

    def __init__(self, lines: list[str], code: str = ""):
        self.out: list[str] = []
        self.code = code
        self.is_item = False
        previous = ""
        rest = list(lines)
        while rest:
            line = rest[0]
            follows = (not previous or previous == "Errors:"
                       or (previous.endswith(":") and not self.is_item))
            bullet = re.match(r" +(-|\d+\.) (.*)", line)
            if bullet:
                self.out += [f".IP {escaped(bullet[1])} 3", escaped(bullet[2])]
                self.is_item = True
            elif is_indented(line) and follows:
                block = []
                while rest and (is_indented(rest[0]) or not rest[0]):
                    block.append(rest.pop(0))
                self.block("\n".join(block).rstrip())
                previous = ""
                continue
            elif line:
                self.line(line, previous)
            previous = line
            rest.pop(0)

    def block(self, text: str) -> None:
        if self.is_item:
            self.out += [".RS", *literal(text)[1:], ".RE"]
        else:
            self.out += literal(text)
        self.is_item = False

    def starts_item(self, line: str) -> re.Match | None:
        found = re.match(r"((?:[a-z]\w*)(?:, [a-z]\w*)*|Errors|Source):(?: (.*))?$",
                         line)
        if found and found[1][0].islower():
            words = found[1].split(", ")
            if not all(re.search(rf"\b{word}\b", self.code) for word in words):
                return None
        return found

    def line(self, line: str, previous: str) -> None:
        item = self.starts_item(line)
        if item:
            font = "I" if item[1][0].islower() else "B"
            self.out += [".TP", f".{font} {item[1]}"]
            if item[2]:
                self.out.append(escaped(item[2]))
            elif item[1] == "Errors":
                self.out.append("\\&")
            self.is_item = True
        elif (not previous or line.startswith("Returns")
              or (self.is_item and not is_indented(line))):
            self.out += [".PP", escaped(line)]
            self.is_item = False
        else:
            self.out.append(escaped(line.strip()))


def codes(code: str) -> list[str]:
    """A table of X(name, number, "text")."""
    out = []
    code = re.sub(r" *\\\n", "\n", code)
    for name, number, text in re.findall(r'X\((\w+), (\d+),\s*"(.*?)"\)', code):
        out += [".TP", f".BR {name} \" {number}\"", escaped(text)]
    return out


def head(page: str, section: int, date: str) -> list[str]:
    return ['.\\" Made from the sources by tools/man.py.',
            f'.TH {page.upper()} {section} {date} "wasock {version}" "wasock manual"',
            ".nh", ".ad l", ".SH NAME"]


def see_also(header: Header) -> list[str]:
    text = "\n".join(header.description + [
        line for item in header.items for line in item.lines])
    named = {f"wasock_{h.stem}" for h in headers
             if re.search(rf"\b{h.name}\b", text)} - {header.page, "wasock_wasock"}
    words = [f".BR {page} (3)," for page in sorted(named)]
    return [".SH SEE ALSO", *words, ".BR wasock (7)"]


def group_page(header: Header) -> str:
    out = head(header.page, 3, header.date)
    names = [header.page, *(f for f in header.functions if f != header.page)]
    out += [",\n".join(names) + f" \\- {escaped(header.title)}", ".SH SYNOPSIS",
            f".B #include <wasock/{header.name}>", ".SH DESCRIPTION"]
    description = Body(header.description).out
    if not description and not header.items:
        description = [escaped(header.title) + "."]
    out += description[1:] if description[:1] == [".PP"] else description
    for item in header.items:
        table = codes(item.code)
        body = Body(item.lines, item.code).out
        out += [f".SS {item.title}", *(table or literal(item.code)[1:])]
        out += body
    return "\n".join(out + see_also(header)) + "\n"


def index_page(pages: list[Header]) -> str:
    out = head("wasock", 7, max(page.date for page in pages))
    out += ["wasock \\- sockets for C programs in a WASI sandbox", ".SH DESCRIPTION",
            "All calls, by header.", ".B #include <wasock/wasock.h>",
            "includes all of them but fakenet.h and directories.h.", ".SS Tools"]
    for i, tool in enumerate(TOOLS):
        out += [".TQ" if i > 0 else ".TP", f".BR {tool} (1)"]
    for page in pages:
        if page.functions:
            out += [f".SS {page.page}(3): {escaped(page.title)}"]
        for item in page.items:
            for i, function in enumerate(item.functions):
                out += [".TQ" if i > 0 else ".TP", f".BR {function} (3)"]
            out += [escaped(item.summary())] if item.functions else []
    return "\n".join(out) + "\n"


# Tools.


def help_of(tool: str) -> tuple[str, str, str]:
    """Usage, description and options of a Python tool."""
    run = subprocess.run([sys.executable, root / TOOLS[tool], "--help"], text=True,
                         check=True, stdout=subprocess.PIPE,
                         env={**os.environ, "COLUMNS": "1000"})
    usage, _, rest = run.stdout.removeprefix("usage: ").partition("\n\n")
    description, _, options = rest.partition("\npositional arguments:\n")
    return usage, description, re.split(r"\noptions:\n|\noptional arg\w+:\n",
                                        options)[1]


def option_list(options: str) -> list[str]:
    out = []
    for line in map(str.strip, options.strip("\n").split("\n")):
        if not line.startswith("-"):  # the text of a long option, below it
            out.append(escaped(line))
            continue
        names, _, text = line.partition("  ")
        out += [".TP", f".B {escaped(names)}"]
        out += [escaped(text.strip())] if text else []
    return out


def usage_lines(usages: list[str]) -> list[str]:
    """An option and its argument stay in one line."""
    out = []
    for usage in usages:
        words = re.sub(r"\[[^]]*\[.*?\].*?\]|\[.*?\]",
                       lambda found: found[0].replace(" ", "\\ "), escaped(usage))
        out += [".HP 8", words]
    return out


def comment_of(tool: str) -> tuple[list[str], list[str]]:
    """Of a shell script's head: the examples, and all the rest."""
    text = (root / TOOLS[tool]).read_text()
    comment = re.search(r"SPDX.*\n#\n((?:#.*\n)+)", text)[1]
    lines = [re.sub(r"^# ?", "", line) for line in comment.rstrip().split("\n")]
    begin = next(i for i, line in enumerate(lines) if is_indented(line))
    end = next(i for i in range(begin, len(lines)) if not lines[i])
    usages = re.sub(r"\n {4,}", " ", "\n".join(lines[begin:end])).split("\n")
    return [line.strip() for line in usages], lines[:begin] + lines[end + 1:]


def tool_page(tool: str, date: str) -> str:
    options: list[str] = []
    if "python" in (root / TOOLS[tool]).read_text().split("\n", 1)[0]:
        usage, description, listed = help_of(tool)
        usages, lines = [usage], description.split("\n")
        options = [".SH OPTIONS", *option_list(listed)]
    else:
        usages, lines = comment_of(tool)
    title = re.split(r"[:.](?: |$)", " ".join(paragraph(lines)))[0]
    out = head(tool, 1, date)
    out += [f"{tool} \\- {escaped(title[0].lower() + title[1:])}", ".SH SYNOPSIS"]
    out += [*usage_lines(usages), ".SH DESCRIPTION"]
    body = Body(lines).out
    out += body[1:] if body[:1] == [".PP"] else body
    others = [f".BR {name} (1)," for name in sorted(TOOLS) if name != tool]
    return "\n".join([*out, *options, ".SH SEE ALSO", *others,
                      ".BR wasock (7)"]) + "\n"


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    folder = pathlib.Path(sys.argv[1])
    for name in ("man1", "man3", "man7"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    pages = [Header(path) for path in headers if path.name != "wasock.h"]
    for page in pages:
        (folder / "man3" / f"{page.page}.3").write_text(group_page(page))
        for function in page.functions:
            if function != page.page:
                link = folder / "man3" / f"{function}.3"
                link.write_text(f".so man3/{page.page}.3\n")
    (folder / "man7" / "wasock.7").write_text(index_page(pages))
    for tool, path in TOOLS.items():
        date = date_of(root / path)
        (folder / "man1" / f"{tool}.1").write_text(tool_page(tool, date))


version = re.search(r'WASOCK_VERSION "(.*)"',
                    (root / "include/wasock/wasock.h").read_text())[1]
main()
