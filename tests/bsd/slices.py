# SPDX-License-Identifier: MIT
"""slices.py HOST PROGRAM: a slow client that compares what it gets."""
import pathlib
import socket
import subprocess
import sys
import time

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

TOTAL = 1024 * 4099
expected = (bytes(range(251)) * (TOTAL // 251 + 1))[:TOTAL]

with hosts.Host(sys.argv[1], [sys.argv[2]], stdout=subprocess.PIPE,
                text=True) as run:
    for _ in range(2):
        for _ in range(100):
            try:
                client = socket.create_connection(("127.0.0.1", run.port))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        client.settimeout(15)
        time.sleep(0.2)  # in which there comes to be no room
        got = bytearray()
        while data := client.recv(100000):
            got += data
            time.sleep(0.002)
        assert got == expected, len(got)
    said = run.process.communicate(timeout=20)[0].split()
assert said == [str(TOTAL)] * 2, said
