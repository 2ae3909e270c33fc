# SPDX-License-Identifier: MIT
"""crowd.py HOST PROGRAM: clients of a server whose threads wait in every way.

Idle clients must not keep busy ones from being served, whatever their threads
wait for.
"""
import pathlib
import socket
import subprocess
import sys
import time

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

N_IDLE, N_CLIENTS, N_ROUNDS = 20, 30, 5


def connect(port):
    for _ in range(100):
        try:
            client = socket.create_connection(("127.0.0.1", port), 20)
            return client
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("nobody listens")


def ask(client, line, expected):
    client.sendall(line.encode() + b"\n")
    expect(client, expected)


def expect(client, expected):
    got = b""
    while len(got) < len(expected) + 1:
        part = client.recv(1000)
        assert part, (got, expected)
        got += part
    assert got == expected.encode() + b"\n", (got, expected)


with hosts.Host(sys.argv[1], [sys.argv[2]], stdout=subprocess.PIPE,
                text=True) as run:
    idle = [connect(run.port) for _ in range(N_IDLE)]
    clients = [connect(run.port) for _ in range(N_CLIENTS)]
    polled = [connect(run.port) for _ in range(5)]
    for client in polled:
        client.sendall(b"epoll\n")
    for round in range(N_ROUNDS):
        for number, client in enumerate(clients):  # all at once
            kind = "w" if number % 3 == 0 else "line"
            client.sendall(f"{kind} {number} {round}\n".encode())
        for number, client in enumerate(clients):
            expect(client, f"worker: w {number} {round}" if number % 3 == 0
                   else f"line {number} {round}")
        for number, client in enumerate(polled):
            ask(client, f"polled {number}", f"polled {number}")
    ask(idle[0], "late", "late")
    clients[0].sendall(b"quit\n")
    said = run.process.communicate(timeout=20)[0]
    assert said == f"served {N_CLIENTS * N_ROUNDS + 1}\n", said
