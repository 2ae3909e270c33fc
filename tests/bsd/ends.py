# SPDX-License-Identifier: MIT
"""ends.py HOST PROGRAM: clients that end while what they sent is unread."""
import pathlib
import socket
import struct
import subprocess
import sys
import time

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

PAUSE_S = 0.2  # in which the program comes to wait
RESET = struct.pack("ii", 1, 0)

with hosts.Host(sys.argv[1], [sys.argv[2]], stdout=subprocess.PIPE,
                text=True) as run:
    address = ("127.0.0.1", run.port)
    for is_reset in (False, False, True, True):
        for _ in range(100):
            try:
                client = socket.create_connection(address)
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        time.sleep(PAUSE_S)
        client.sendall(b"abc")
        time.sleep(PAUSE_S)
        client.sendall(b"d")
        time.sleep(PAUSE_S)
        if is_reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
        else:
            client.shutdown(socket.SHUT_WR)
    said = run.process.communicate(timeout=40)[0].splitlines()
assert said == ["4 peeked", "1 end", "1 reset", "1 reset"], said
