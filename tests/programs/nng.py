# SPDX-License-Identifier: MIT
"""nng's nngcat, which CMake configures: it answers requests, by threads."""
import struct

from serving import Server, receive

REQUEST, REPLY = 0x30, 0x31
N_CLIENTS = 20


class Client:
    """One that asks, by the protocol of scalability protocols on TCP."""

    def __init__(self, server):
        self.socket = server.connect()
        self.socket.sendall(struct.pack(">4sHH", b"\0SP\0", REQUEST, 0))
        answer = struct.unpack(">4sHH", receive(self.socket, 8))
        assert answer == (b"\0SP\0", REPLY, 0), answer

    def send(self, number, text):
        body = struct.pack(">I", 0x80000000 | number) + text
        self.socket.sendall(struct.pack(">Q", len(body)) + body)

    def receive(self):
        length, = struct.unpack(">Q", receive(self.socket, 8))
        body = receive(self.socket, length)
        return struct.unpack(">I", body[:4])[0] & 0x7fffffff, body[4:]


def check(_):
    with Server("nng", ["--rep", "--listen", "tcp://127.0.0.1:PORT", "--data",
                        "answer", "--ascii"]) as server:
        clients = [Client(server) for _ in range(N_CLIENTS)]
        for turn in range(10):
            for i, client in enumerate(clients):
                client.send(turn, b"%d" % i)
            for client in clients:
                assert client.receive() == (turn, b"answer")
        silent = server.be_rude()
        clients[0].send(7, b"x" * 100000)
        assert clients[0].receive() == (7, b"answer")
        assert len(silent) == 20
