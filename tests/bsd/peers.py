# SPDX-License-Identifier: MIT
"""peers.py HOST PROGRAM: clients that reset, half-close, come by IPv6, or find
one of two processes busy; natively and in the sandbox."""
import pathlib
import socket
import struct
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
LIMIT_S = 20
RESET = struct.pack("ii", 1, 0)
is_native = host == "native"
if not is_native:
    hosts.path(host)
is_module_on_wasmtime = host.startswith("wasmtime") and \
    not hosts.is_component([program])


def keep_port(addresses=("127.0.0.1",)):
    """Sockets that are bound to one port, which wasock-run may bind as well."""
    for _ in range(100):
        keepers = []
        port = 0
        try:
            for address in addresses:
                keeper = socket.socket(socket.AF_INET6 if ":" in address
                                       else socket.AF_INET)
                keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                keepers.append(keeper)
                keeper.bind((address, port))
                port = keeper.getsockname()[1]
            return keepers, port
        except OSError:
            continue
    raise AssertionError("no port is free for all of " + str(addresses))


class Program:
    def __init__(self, what, addresses=("127.0.0.1",)):
        self.keepers, self.port = keep_port(addresses)
        words = [program, what, str(self.port)]
        if not is_native:
            listens = []
            for address in addresses:
                at = f"[{address}]" if ":" in address else address
                listens += ["--listen", f"{at}:{self.port}"]
            words = [sys.executable, str(root / "tools/wasock-run"),
                     "--runtime", host, *listens, *words]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for keeper in self.keepers:
            keeper.close()

    def connect(self, address="127.0.0.1"):
        while self.process.poll() is None:
            try:
                return socket.create_connection((address, self.port), LIMIT_S)
            except ConnectionRefusedError:
                continue
        raise AssertionError("the program has ended")

    def rest(self):
        return self.process.communicate(timeout=LIMIT_S)[0]


def wait_for_bytes(client, n):
    while len(client.recv(n, socket.MSG_PEEK)) < n:
        pass


def check_resets():
    with Program("resets") as run:
        first = run.connect()
        first.sendall(b"req")
        first.shutdown(socket.SHUT_WR)
        wait_for_bytes(first, 6)  # the answer has come, and stays unread
        first.close()
        second = run.connect()
        wait_for_bytes(second, 2)
        second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        second.close()
        said = run.rest()
    wanted = "at the end 0 0, then 24, poll 25 24, epoll 25, SO_ERROR EPIPE, " \
             "send EPIPE\nroom 4, reset 28\n"
    assert said == wanted, said


def check_gone():
    with Program("gone") as run:
        client = run.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        said = run.rest()
    assert said == "revents 25, getpeername ENOTCONN, recv ECONNRESET, " \
                   "shutdown ENOTCONN\n", said


def check_shut():
    with Program("shut") as run:
        client = run.connect()
        client.sendall(b"hi")
        said = run.rest()
        client.close()
    assert said == "2 0 0, epoll 1, read 0\n", said


def check_families():
    with Program("families", ("127.0.0.1", "::1")) as run:
        for address, wanted in (("127.0.0.1", b"4"), ("::1", b"6")):
            got = run.connect(address).recv(1)
            assert got == wanted, (address, got)


# Executes the rest of its arguments with the descriptor as 3, as systemd does.
HAND_OVER = """import os, sys
fd = int(sys.argv[1])
os.dup2(fd, 3)
if fd != 3:
    os.close(fd)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.environ.pop("RUST_BACKTRACE", None)
os.execv(sys.argv[2], sys.argv[2:])
"""


def start_inheriting(listener, port):
    words = [program, "inherited", str(port)]
    if is_native:
        words = [sys.executable, "-c", HAND_OVER, str(listener.fileno()),
                 *words]
    else:
        words = [sys.executable, str(root / "tools/wasock-run"), "--runtime",
                 host, "--listen", f"127.0.0.1:{port}", "--env",
                 "LISTEN_FDS=1", "--env", "LISTEN_PID=42", *words]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE,
                            pass_fds=(listener.fileno(),))


def check_inherited():
    keepers, port = keep_port()
    if is_native:
        keepers[0].listen()
    process = start_inheriting(keepers[0], port)
    try:
        for _ in range(1000000):
            try:
                client = socket.create_connection(("127.0.0.1", port), LIMIT_S)
                break
            except ConnectionRefusedError:
                assert process.poll() is None, "the program has ended"
        assert client.recv(1) == b"3"
        said = process.communicate(timeout=LIMIT_S)[0]
    finally:
        process.kill()
        process.wait()
    wanted = "1 for this, next 4, listens 1 1, bind in use, then closed\n"
    assert said == wanted, said


def start_sharing(listener, port, name, room):
    words = [hosts.path(host), "run", "-Spreview2=n", "-Slistenfd=y", "--env",
             f"WASOCK_LISTEN=127.0.0.1:{port}", program, "share", str(port),
             name, str(room)]
    process = subprocess.Popen(
        [sys.executable, "-c", HAND_OVER, str(listener.fileno()), *words],
        pass_fds=(listener.fileno(),), text=True, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    return process


def check_sharing():
    """A client that a full process is told of stays for one that has room."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    full = start_sharing(listener, port, "A", 1)
    free = None
    clients = []
    try:
        for name in (b"A", b"B", b"B"):
            client = socket.create_connection(("127.0.0.1", port), LIMIT_S)
            clients.append(client)
            if free is None and name == b"B":
                assert full.stdout.readline() == "full\n"
                free = start_sharing(listener, port, "B", 9)
            got = client.recv(1)
            assert got == name, (name, got)
    finally:
        for process in (full, free):
            if process is not None:
                process.kill()
                process.wait()


check_gone()
check_shut()
check_inherited()
if socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists():
    check_families()
check_resets()
if is_module_on_wasmtime:
    check_sharing()
