# SPDX-License-Identifier: MIT
"""libev with an echo of ours, ev_echo.c."""
from serving import Server, receive


def check(kind):
    backends = {"select": "1", "poll": "2", "epoll": "4"}
    with Server("libev", ["PORT", backends[kind]]) as server:
        silent = server.be_rude()
        clients = [server.connect() for _ in range(30)]
        for turn in range(5):
            for i, client in enumerate(clients):
                client.sendall(b"%d %d" % (turn, i))
            for i, client in enumerate(clients):
                wanted = b"%d %d" % (turn, i)
                assert receive(client, len(wanted)) == wanted
        while f"10 ticks on back end {backends[kind]}" not in server.said():
            assert server.process.poll() is None
            clients[0].sendall(b"x")
            receive(clients[0], 1)
        assert len(silent) == 20
