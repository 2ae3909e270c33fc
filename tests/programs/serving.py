# SPDX-License-Identifier: MIT
"""A known program in the sandbox, and what its clients need."""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

LIMIT_S = 30
host = folder = None  # where programs run, and where they are


def use(new_host, new_folder):
    """Have servers run on the host, natively if it is "native"."""
    global host, folder
    host, folder = new_host, new_folder


def keep_port():
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    return keeper


class Server:
    """A program under wasock-run or native, with its port and a directory.

    PORT and DIR in arguments and files stand for them. keeper: a socket that is
    bound to the port already; directory: the one of an earlier server;
    programs: where the program is, if not with the others.
    """

    def __init__(self, program, arguments, files=None, environment=(),
                 keeper=None, directory=None, programs=None):
        self.directory = directory or tempfile.TemporaryDirectory()
        outside = host in ("native", "wasmi")
        self.guest = self.directory.name if outside else "/"
        # Bound before the program is, so that the arguments can name the port.
        # wasock-run listens on it itself, as SO_REUSEADDR lets it.
        self.keeper = keeper or keep_port()
        self.port = self.keeper.getsockname()[1]
        for path, content in (files or {}).items():
            self.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.path(path).write_text(self.fill_in(content))
        words = [f"{programs or folder}/{program}"]
        if host != "native":
            words = self.in_sandbox(f"{words[0]}.wasm", environment)
        words += [self.fill_in(argument) for argument in arguments]
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(words, stderr=self.output,
                                        stdout=self.output,
                                        stdin=subprocess.DEVNULL)

    def in_sandbox(self, program, environment):
        words = [sys.executable, str(root / "tools/wasock-run"), "--runtime",
                 host, "--dir", f"{self.directory.name}::{self.guest}",
                 "--listen", f"127.0.0.1:{self.port}"]
        for pair in environment:
            words += ["--env", pair]
        return [*words, program]

    def fill_in(self, text):
        return text.replace("PORT", str(self.port)).replace(
            "DIR", self.guest.rstrip("/"))

    def path(self, name):
        """Outside, of a file in its directory."""
        return pathlib.Path(self.directory.name, name)

    def __enter__(self):
        return self

    def __exit__(self, kind_of, *_):
        self.process.kill()
        self.process.wait()
        if kind_of is not None:
            print(self.said()[-4000:])

    def said(self):
        self.output.seek(0)
        return self.output.read()

    def connect(self, port=None):
        while self.process.poll() is None:
            try:
                return socket.create_connection(
                    ("127.0.0.1", port or self.port), LIMIT_S)
            except ConnectionRefusedError:
                continue
        raise AssertionError("the server has ended")

    def be_rude(self):
        """Clients that reset, say half of something, or nothing at all."""
        silent = [self.connect() for _ in range(20)]
        for i in range(20):
            rude = self.connect()
            rude.send(b"GET / HT"[:i % 8] or b"\0")
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
            rude.close()
        return silent

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def wait_until(is_true):
    deadline = time.monotonic() + LIMIT_S
    while not is_true():
        assert time.monotonic() < deadline


def receive(client, n):
    received = b""
    while len(received) < n:
        chunk = client.recv(n - len(received))
        assert chunk, f"ended after {received!r}"
        received += chunk
    return received


def tool(*words, **options):
    if shutil.which(words[0]) is None:
        hosts.skip(f"{words[0]} is not installed; tools/setup.sh --all-hosts "
                   "does it")
    return subprocess.run(words, capture_output=True, timeout=LIMIT_S,
                          **options)


def curl(*words):
    answer = tool("curl", "-sS", "-m", "20", *words)
    assert answer.returncode == 0, answer
    return answer.stdout
