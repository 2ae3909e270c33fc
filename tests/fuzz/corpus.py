# SPDX-License-Identifier: MIT
"""The corpora: an input a line, in base64, so that a change can be seen.

corpus.py unpack FILE FOLDER
corpus.py pack FILE FOLDER
"""
import base64
import hashlib
import pathlib
import sys

verb, file, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:4])
if verb == "unpack":
    folder.mkdir(parents=True, exist_ok=True)
    for line in file.read_text().split():
        content = base64.b64decode(line)
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)
else:
    inputs = sorted((path.read_bytes() for path in folder.iterdir()),
                    key=lambda content: (len(content), content))
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(base64.b64encode(content).decode() + "\n"
                            for content in inputs if content))
