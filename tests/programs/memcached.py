# SPDX-License-Identifier: MIT
"""memcached with its default threads."""
from serving import Server

N_CLIENTS = 40
ROUNDS = 20


class Client:
    def __init__(self, server):
        self.socket = server.connect()
        self.lines = self.socket.makefile("rb")

    def ask(self, request):
        self.socket.sendall(request)
        return self.lines.readline()

    def set(self, key, value):
        answer = self.ask(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        assert answer == b"STORED\r\n", answer

    def get(self, key):
        head = self.ask(b"get %s\r\n" % key)
        if head == b"END\r\n":
            return None
        length = int(head.split()[3])
        value = self.lines.read(length + 2)[:-2]
        assert self.lines.readline() == b"END\r\n"
        return value

    def stats(self):
        self.socket.sendall(b"stats\r\n")
        rows = {}
        while (line := self.lines.readline()) != b"END\r\n":
            _, name, value = line.decode().split(None, 2)
            rows[name] = value.strip()
        return rows


def start(_):
    # Natively it insists on a user's name, if root starts it.
    return Server("memcached", ["-p", "PORT", "-U", "0", "-l", "0.0.0.0", "-u",
                                "root"])


def check(kind):
    with start(kind) as server:
        clients = [Client(server) for _ in range(N_CLIENTS)]
        stats = clients[0].stats()
        assert stats["threads"] == "4", stats
        for turn in range(ROUNDS):
            for i, client in enumerate(clients):
                client.set(b"k%d" % i, b"%d of %d" % (turn, i))
            for i, client in enumerate(clients):  # what another one has set
                other = (i + 1) % N_CLIENTS
                wanted = b"%d of %d" % (turn, other)
                assert client.get(b"k%d" % other) == wanted
        first, second = clients[:2]
        big = b"0123456789abcdef" * 60000
        first.set(b"big", big)
        assert second.get(b"big") == big
        assert first.ask(b"set n 0 0 1\r\n1\r\n") == b"STORED\r\n"
        for i in range(2, 100):
            assert first.ask(b"incr n 1\r\n") == b"%d\r\n" % i
        assert second.ask(b"delete n\r\n") == b"DELETED\r\n"
        assert first.get(b"n") is None
        silent = server.be_rude()
        assert first.ask(b"flush_all\r\n") == b"OK\r\n"
        assert second.get(b"big") is None
        # Each thread has served some.
        assert int(second.stats()["cmd_set"]) == N_CLIENTS * ROUNDS + 2
        assert len(silent) == 20
