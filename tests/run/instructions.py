# SPDX-License-Identifier: MIT
"""How many instructions of the guest an echo takes, as wasmi's fuel counts
them, and that no more than the budget.

instructions.py ECHO_MANY BUDGET
"""
import pathlib
import re
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "doctor"))
import hosts  # noqa: E402

program, budget = sys.argv[1], int(sys.argv[2])
FUEL = 10**10


def connect(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 30)
        except ConnectionRefusedError:
            continue


def fuel_of(n_echoes):
    words = ["--fuel", str(FUEL), "--verbose", program, "--stdin"]
    with hosts.Host("wasmi", words, stdin=subprocess.PIPE, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as host:
        with connect(host.port) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(n_echoes):
                client.sendall(bytes(64))
                assert len(client.recv(64)) == 64
        output, _ = host.process.communicate("quit\n", timeout=30)
    assert host.process.returncode == 0, output
    return int(re.search(r"fuel consumed: (\d+)", output)[1])


used = (fuel_of(3000) - fuel_of(1000)) / 2000
print(f"{used:.0f} instructions an echo, of {budget}")
sys.exit(0 if 100 < used <= budget else 1)
