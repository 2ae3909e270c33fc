# SPDX-License-Identifier: MIT
"""network.py HOST PROGRAM: be the peers of network.c, natively and in a
component; and see that a host that denies it is EACCES, with the way out."""
import pathlib
import socket
import struct
import subprocess
import sys
import threading

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
LIMIT_S = 60
LINGER_0 = struct.pack("ii", 1, 0)


def listener(backlog=16):
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(backlog)
    return made


def serve(handle, listening):
    def accept():
        while True:
            client, address = listening.accept()
            threading.Thread(target=handle, args=(client, address),
                             daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return str(listening.getsockname()[1])


def echo(client, address):
    try:
        client.sendall(b"%d\n" % address[1])
        while chunk := client.recv(65536):
            client.sendall(chunk)
    except OSError:
        pass
    client.close()


def reset(client, _):
    client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    client.close()


def full():
    """A port where no connection is ever made: its backlog is full."""
    listening = listener(0)
    waiting = []
    while True:
        client = socket.socket()
        client.settimeout(0.2)
        waiting.append(client)
        try:
            client.connect(listening.getsockname())
        except TimeoutError:
            return listening, waiting


def echo_datagrams(udp):
    while True:
        data, address = udp.recvfrom(65536)
        udp.sendto(data, address)


def local_name():
    """A name of this machine that is one of loopback, if there is any."""
    for name in (socket.gethostname(), "localhost.localdomain", "ip6-localhost",
                 "loopback"):
        try:
            found = socket.gethostbyname(name)
        except OSError:
            continue
        if found.startswith("127."):
            return [name]
    return []


def run(options, arguments):
    words = [program, *arguments]
    if host != "native":
        words = [sys.executable, root / "tools/wasock-run", "--runtime", host,
                 *options, *words]
    return subprocess.run(words, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=LIMIT_S)


if host != "native":
    hosts.path(host)
busy, waiting = full()
taken = listener()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
threading.Thread(target=echo_datagrams, args=(udp,), daemon=True).start()
ports = [serve(echo, listener()), str(busy.getsockname()[1]),
         serve(reset, listener()), str(taken.getsockname()[1]),
         str(udp.getsockname()[1])]
answer = run(["--network", "--lookup"], ports + local_name())
print(answer.stdout, answer.stderr, sep="")
assert answer.returncode == 0, answer
if pathlib.Path("/proc/net/if_inet6").exists():
    assert answer.stderr.count("for IPv6 alone") == (host != "native"), answer
if host != "native":
    answer = run([], ["denied"])
    print(answer.stdout, answer.stderr, sep="")
    assert answer.returncode == 0, answer
    assert answer.stderr.count("-S inherit-network") == 1, answer
