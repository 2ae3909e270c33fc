# SPDX-License-Identifier: MIT
"""Known programs in the sandbox, and their clients.

check.py PROGRAM KIND HOST FOLDER, where build.py put it; the kind is how the
program waits (poll, epoll or select), or another that the check knows.
"""
import importlib
import pathlib
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402
import serving  # noqa: E402

name, kind, host, folder = sys.argv[1:5]
hosts.path(host)
if not any(pathlib.Path(folder).glob("*.wasm")):
    hosts.skip(f"it was not built, see program_build_{name}")
serving.use(host, folder)
importlib.import_module(name).check(kind)
