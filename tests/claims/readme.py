# SPDX-License-Identifier: MIT
"""README.md and docs/: the C in them is code of examples/, word for word, and so
is built and run. The files and pages that they name exist. The messages of
wasock in the troubleshooting table are in the sources. The lines of the servers
are counted right."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).parents[2]
pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
guide = root / "docs/guide"
examples = [path.read_text() for path in (root / "examples").rglob("*.c")]
failures = []
n_blocks = 0
n_names = 0
# Files of other programs.
OTHERS = ("src/plugin-static.h", "include/event2/event-config.h",
          "src/civetweb.c", "src/main.c")


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


for page in pages:
    name = page.relative_to(root)
    text = page.read_text()
    for block in re.findall(r"^```c\n(.*?)^```$", text, re.M | re.S):
        n_blocks += 1
        if not any(block in example for example in examples):
            failures.append(f"{name}: in no example:\n{block}")
    for file in set(re.findall(
            r"(?<![\w/.-])(?:include|src|examples|tests|bench|tools|cmake)/"
            r"[\w./-]*[\w/](?![\w*./-])", text)):
        n_names += 1
        if not (root / file).exists() and file not in OTHERS:
            failures.append(f"{name}: there is no {file}")
    for link in re.findall(r"\]\(([^)]+)\)", without_code(text)):
        if "://" in link:
            continue
        file, _, fragment = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists():
            failures.append(f"{name}: there is no {link}")
        elif fragment and fragment not in map(
                anchor, re.findall(r"^#+ (.*)$", target.read_text(), re.M)):
            failures.append(f"{name}: {file} has no section #{fragment}")

# What the sources print, with the parts of each literal joined.
printed = re.sub(r'"\s*\\?\n\s*f?"', "", "\n".join(
    path.read_text() for folder in ("include/wasock", "src", "tools")
    for path in (root / folder).rglob("*")
    if path.is_file() and path.suffix in (".c", ".h", "")))
rows = re.findall(r"^\| `+ ?(.*?) ?`+ \| (wasock|wasock-run) \|",
                  (guide / "troubleshooting.md").read_text(), re.M)
failures += [f"troubleshooting.md: nothing prints: {message}"
             for message, _ in rows
             if message not in printed and message != "Address already in use"]

# Every page of the guide is in its contents.
contents = (root / "docs/guide.md").read_text()
failures += [f"docs/guide.md: {page.name} is missing"
             for page in guide.glob("*.md") if f"guide/{page.name}" not in contents]

# The table of lines.
EX, PEERS = root / "examples", root / "tests/servers/peers"
KV = [EX / "kv" / name for name in ("kv.h", "command.c", "request.c", "store.c")]
HTTP = [EX / "httpd" / name for name in ("httpd.h", "answer.c", "request.c")]
HTTPD = [EX / "httpd/httpd.c", EX / "httpd/serve.c"]


def n_lines(paths):
    return sum(len(path.read_text().splitlines()) for path in paths)


def peers(name):
    return [[PEERS / f"libuv/{name}.c"], [PEERS / f"go/{name}/main.go"]]


servers = (root / "docs/servers.md").read_text()
https = [*(EX / "https").glob("*.[ch]"), EX / "httpd/serve.c"]
for name, *columns in (("chat", [], [EX / "chat.c"], *peers("chat")),
                       ("proxy", [], [EX / "proxy.c"], *peers("proxy")),
                       ("kv", KV, [EX / "kv/kv.c"], *peers("kv")),
                       ("httpd", HTTP, HTTPD, *peers("httpd")),
                       ("https", HTTP, https)):
    cells = [str(n_lines(paths)) for paths in columns] + [""] * (4 - len(columns))
    row = "|" + "|".join(f" {cell} ".replace("  ", " ") for cell in (name, *cells))
    row += "|"
    if f"\n{row}\n" not in servers:
        failures.append(f"docs/servers.md: the lines are: {row}")

assert n_blocks > 15, "the guide shows no C"
assert n_names > 20, "the pages name no file"
assert len(rows) > 5, "the table of messages was not recognised"
sys.exit("\n".join(failures) or 0)
