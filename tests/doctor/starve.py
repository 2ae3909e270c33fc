# SPDX-License-Identifier: MIT
"""A server whose host runs out of descriptors goes on serving those it has, does
not spin, and serves the others as soon as there are descriptors again.

    starve.py HOST PROGRAM

PROGRAM: echo_many, built for it.
"""
import os
import select
import socket
import sys
import time

import hosts

DESCRIPTORS = 64
N_CLIENTS = 80
PATIENCE_S = 10
SPIN = 0.5  # of a processor

# wazero gives a closed connection's descriptor back when its garbage collector
# runs, which is seldom; with so little memory, always.
EAGER = {"GOMEMLIMIT": "1MiB"}


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect(port):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise


def answered(clients, patience_s):
    """Those of the clients whose echo comes; the wait ends where for so long
    none has."""
    waiting = set(clients)
    while waiting:
        ready, _, _ = select.select(waiting, [], [], patience_s)
        if not ready:
            break
        for client in ready:
            assert client.recv(1) == b"x", "cut off"
            waiting.remove(client)
    return [client for client in clients if client not in waiting]


def starve(run):
    clients = [connect(run.port) for _ in range(N_CLIENTS)]
    for client in clients:
        client.sendall(b"x")
    # The first takes as long as the host takes to start.
    served = answered(clients[:1], PATIENCE_S) + answered(clients[1:], 1)
    assert 40 <= len(served) < DESCRIPTORS, f"{len(served)} served"
    left_out = [client for client in clients if client not in served]

    before = cpu_s(run.process.pid)
    silent = answered(left_out, 1)  # a second, in which nothing comes
    share = cpu_s(run.process.pid) - before
    assert not silent, "served without a descriptor"
    assert share < SPIN, f"it spins: {share:.2f} of a processor"

    for client in served:
        client.sendall(b"x")
    assert answered(served, PATIENCE_S) == served, "those it has starve"
    for client in served[:40]:
        client.close()
    start = time.monotonic()
    assert answered(left_out, PATIENCE_S) == left_out, "the others starve"
    return len(served), share, time.monotonic() - start


def main(host, program):
    with hosts.Host(host, [program], DESCRIPTORS, EAGER) as run:
        n_served, share, late_s = starve(run)
        assert run.process.poll() is None, "it has ended"
    print(f"{host}: {n_served} served with {DESCRIPTORS} descriptors, "
          f"{share:.0%} of a processor meanwhile, the others "
          f"{late_s * 1000:.0f} ms after 40 had gone")


if __name__ == "__main__":
    main(*sys.argv[1:])
