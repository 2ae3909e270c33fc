# SPDX-License-Identifier: MIT
"""Start a server of examples/ under tools/wasock-run, and talk to it.

    SCRIPT HOST PROGRAMS, the folder of the built examples

HOST is one of wasock-run's, or libuv or go: the same servers by these, natively.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, programs = sys.argv[1], pathlib.Path(sys.argv[2])
LIMIT_S = 30
is_peer = host in ("libuv", "go")
is_native = host == "native" or is_peer
if not is_native:
    hosts.path(host)  # skips the test where it is not installed


def tool(name):
    """A client that Debian has; ends the test where it is not installed."""
    found = subprocess.run(["which", name], capture_output=True, text=True)
    if found.returncode != 0:
        hosts.skip(f"{name} is not installed; tools/setup.sh --all-hosts "
                   "does it")
    return found.stdout.strip()


class Server:
    """A running server: `with Server("chat", "60") as server`.

    options: of wasock-run. port: where it listens; 0: wherever it is free.
    """

    def __init__(self, name, *arguments, options=(), port=0):
        program = programs / (name if is_native else f"{name}.wasm")
        words = [sys.executable, str(root / "tools" / "wasock-run"),
                 "--runtime", "native" if is_native else host,
                 "--listen", f"127.0.0.1:{port}",
                 "--env", "WASOCK_STOP=stdin", *options]
        environment = dict(os.environ)
        environment.pop("RUST_BACKTRACE", None)
        self.process = subprocess.Popen(
            [*words, str(program), *arguments], stdin=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment)
        self.port = port or self.read_port()

    def read_port(self):
        line = self.process.stderr.readline().decode()
        found = re.search(r"listening on .*:(\d+)$", line.strip())
        assert found, line
        return int(found[1])

    def connect(self, receive_buffer=None):
        """Where the host listens itself it may not be there yet."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            client = socket.socket()
            client.settimeout(LIMIT_S)
            if receive_buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                  receive_buffer)
            try:
                client.connect(("127.0.0.1", self.port))
                return client
            except ConnectionRefusedError:
                client.close()
                assert time.monotonic() < deadline, "nobody listens"

    def ask_to_stop(self):
        """By EOF of its standard input, and peers by a signal."""
        if is_peer:
            self.process.send_signal(signal.SIGTERM)
        self.process.stdin.close()

    def stop(self):
        """It must end by itself, without an error."""
        self.ask_to_stop()
        text = self.process.stderr.read().decode()
        assert self.process.wait(LIMIT_S) == 0, text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def read_all(client):
    chunks = []
    while chunk := client.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)


def expect_end(client):
    """EOF or a reset, whatever is read before."""
    try:
        return read_all(client)
    except ConnectionResetError:
        return b""


def run_scenarios(*scenarios):
    for scenario in scenarios:
        print(scenario.__name__, flush=True)
        scenario()
