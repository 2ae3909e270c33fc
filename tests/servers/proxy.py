# SPDX-License-Identifier: MIT
"""examples/proxy.c between clients and an upstream of this test's own."""
import os
import select
import socket
import subprocess
import sys
import threading

from running import (LIMIT_S, Server, expect_end, host, is_native, programs,
                     read_all, root, run_scenarios)

IS_PREVIEW1 = not is_native and "wasip" not in str(programs)


class Upstream:
    """A listener; each of its connections is served by a thread."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(LIMIT_S)
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()


def echo(connection):
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def collect(connection):
    """Answers only after EOF: the client's half-close passes through."""
    with connection:
        received = read_all(connection)
        connection.sendall(b"%d bytes" % len(received))


def fill(client):
    """Send until no more has been taken for a while. Returns how much."""
    client.setblocking(False)
    n_sent = 0
    while select.select([], [client], [], 0.5)[1]:
        n_sent += client.send(b"x" * 65536)
        assert n_sent < 200 << 20, "there is no backpressure"
    client.settimeout(LIMIT_S)
    return n_sent


def both_ways():
    """10 MiB each way, with 20 clients of which each has its own upstream."""
    upstream = Upstream(echo)
    with Server("proxy", upstream.address) as server:
        clients = [server.connect() for _ in range(20)]
        for i, client in enumerate(clients):
            client.sendall(b"client %d" % i)
        for i, client in enumerate(clients):
            expected = b"client %d" % i
            received = b""
            while len(received) < len(expected):
                received += client.recv(100)
            assert received == expected
        big = os.urandom(10 << 20)
        client = clients[0]

        def send():
            client.sendall(big)
            client.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        assert read_all(client) == big
        sender.join()
        clients[1].shutdown(socket.SHUT_WR)
        assert read_all(clients[1]) == b""
        for client in clients:
            client.close()
        server.stop()


def answer_first():
    """While all buffers to the upstream are full its answer passes."""
    answer = os.urandom(20 << 20)
    is_full = threading.Event()

    def serve(connection):
        assert is_full.wait(LIMIT_S)
        connection.sendall(answer)
        collect(connection)
    upstream = Upstream(serve)
    with Server("proxy", upstream.address) as server:
        client = server.connect()
        n_sent = fill(client)
        is_full.set()
        n_received = 0
        while n_received < len(answer):
            received = client.recv(65536)
            end = n_received + len(received)
            assert received and received == answer[n_received:end], n_received
            n_received = end
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"%d bytes" % n_sent
        server.stop()


def half_close():
    upstream = Upstream(collect)
    with Server("proxy", upstream.address) as server:
        client = server.connect()
        client.sendall(b"x" * 100000)
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"100000 bytes"
        server.stop()


def backpressure():
    """An upstream that does not read stops the client, and nobody else."""
    is_released = threading.Event()

    def serve(connection):
        first = connection.recv(1)
        if first == b"s":
            is_released.wait(LIMIT_S)
        connection.sendall(b"%d" % (1 + len(read_all(connection))))
        connection.close()
    upstream = Upstream(serve)
    with Server("proxy", upstream.address) as server:
        slow = server.connect()
        slow.setblocking(False)
        n_sent = 0
        quiet = 0
        while quiet < 50:  # until nothing more is taken
            try:
                n_sent += slow.send(b"s" * 65536)
                quiet = 0
            except BlockingIOError:
                other = server.connect()
                other.sendall(b"xyz")
                other.shutdown(socket.SHUT_WR)
                assert read_all(other) == b"3"
                quiet += 1
            assert n_sent < 200 << 20, "there is no backpressure"
        is_released.set()
        slow.setblocking(True)
        slow.settimeout(LIMIT_S)
        slow.shutdown(socket.SHUT_WR)
        assert read_all(slow) == b"%d" % n_sent
        server.stop()


def refused():
    """An upstream that is not there ends the client; the server goes on."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = "127.0.0.1:%d" % unused.getsockname()[1]
    with Server("proxy", address) as server:
        for _ in range(3):
            client = server.connect()
            expect_end(client)
        server.ask_to_stop()
        text = server.process.stderr.read().decode()
        assert server.process.wait(LIMIT_S) == 0, text
        assert text.count("proxy: upstream: ") == 3, text


def cannot_connect():
    """preview1: it says so, once, before it serves anybody."""
    program = str(programs / "proxy.wasm")
    run = subprocess.run(
        [sys.executable, str(root / "tools" / "wasock-run"), "--runtime", host,
         "--listen", "127.0.0.1:0", program, "127.0.0.1:1"],
        capture_output=True, text=True, timeout=LIMIT_S,
        stdin=subprocess.DEVNULL)
    assert run.returncode == 1, run
    assert "proxy: this host cannot connect" in run.stderr, run.stderr
    assert "WASI 0.2" in run.stderr, run.stderr


if IS_PREVIEW1:
    run_scenarios(cannot_connect)
else:
    run_scenarios(both_ways, answer_first, half_close, backpressure, refused)
