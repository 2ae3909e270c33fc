#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doctor's partner: connects to its listener and does what it asks for.

    partner.py HOST:PORT

The requests stand in examples/doctor/doctor.h. Ends when the doctor is done.
"""
import itertools
import socket
import struct
import sys
import threading
import time

PATIENCE_S = 20
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


def digits(n):
    return (b"0123456789" * (n // 10 + 1))[:n]


def connect(address):
    """The doctor's host may still be on its way."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection(address, PATIENCE_S)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Partner:
    def __init__(self, address):
        self.address = address
        self.connections = []

    def open(self):
        self.connections.append(connect(self.address))

    def send(self, k, n):
        self.connections[k].sendall(digits(n))

    def later(self, ms, k, n):
        timer = threading.Timer(ms / 1000, self.send, (k, n))
        timer.daemon = True
        timer.start()

    def end(self, k):
        self.connections[k].shutdown(socket.SHUT_WR)

    def close(self, k):
        self.connections[k].close()

    def reset(self, k):
        self.connections[k].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       RESET)
        self.connections[k].close()

    def see(self, k):
        self.connections[k].settimeout(0.5)
        try:
            while self.connections[k].recv(65536):
                pass
            return "end"
        except TimeoutError:
            return "open"
        except OSError:
            return "reset"

    def rounds(self, k, n, r):
        threading.Thread(target=self.answer, args=(self.connections[k], n, r),
                         daemon=True).start()

    @staticmethod
    def answer(connection, n, r):
        for _ in range(r):
            left = n
            while left:
                data = connection.recv(left)
                if not data:
                    return
                left -= len(data)
            connection.sendall(b"!")


def meet(address):
    """The doctor's first request comes on a connection that lasts: jco drops
    those that come before the program accepts."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        control = connect(address)
        control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = control.makefile("r")
        try:
            first = lines.readline()
        except ConnectionResetError:
            first = ""
        if first:
            return control, itertools.chain([first], lines)
        control.close()
    raise TimeoutError("the doctor does not ask")


def serve(address):
    """Obey until the doctor says bye, or fails."""
    partner = Partner(address)
    control, lines = meet(address)
    for line in lines:
        verb, *numbers = line.split()
        if verb == "bye":
            control.sendall(b"bye\n")
            break
        if verb not in ("open", "send", "later", "end", "close", "reset",
                        "see", "rounds"):
            raise ValueError(f"the doctor asked for {verb!r}")
        answer = getattr(partner, verb)(*map(int, numbers)) or "ok"
        control.sendall(f"{answer}\n".encode())
    for connection in partner.connections:
        connection.close()
    control.close()


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    serve((host.strip("[]"), int(port)))
