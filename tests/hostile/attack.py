# SPDX-License-Identifier: MIT
"""Attack the servers of examples/, and one on the BSD layer, on one host.

attack.py HOST PROGRAMS HOSTILE [SERVER...] [--OPTION VALUE]...

PROGRAMS: the folder of the built examples. SERVER: one of those below; default:
all. Options: those of hostile.c. An hour by hand:

    attack.py wasmtime build/wasm/examples build/native/tests/hostile/hostile \\
        --seconds 720 --at-once 10000 --in-a-row 10000
"""
import collections
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "servers"))
from running import Server, host, programs  # noqa: E402

FILE_BYTES = 1 << 20  # as in protocol.c
LIBEV = "../programs/libev/libev"
BACKEND_EPOLL = "4"
SKIPPED = 77

# ASan keeps freed memory for a while.
os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1"
is_component = "wasip" in str(programs)
hostile = sys.argv[3]
options = sys.argv[4:]
wanted = [word for i, word in enumerate(options)
          if not word.startswith("--") and
          (i == 0 or not options[i - 1].startswith("--"))]
options = [word for word in options if word not in wanted]

# What a host cannot help.
of_host = {
    # Its poll does not look at sockets: wasock does, at intervals. It gives
    # back descriptors when its garbage collector runs.
    "wazero": ["--cpu", "3", "--keeps", "yes", "--growth", "65536"],
}.get(host, [])


def attack(server, protocol, *more):
    server.connect().close()  # it is there
    # A server that says much must not wait for a reader.
    said = collections.deque(maxlen=40)
    reader = threading.Thread(target=said.extend,
                              args=(server.process.stderr,), daemon=True)
    reader.start()
    words = [hostile, protocol, str(server.port), str(server.process.pid),
             *of_host, *more, *options]
    print("+", *words[1:], flush=True)
    result = subprocess.run(words)
    if result.returncode != 0:
        server.process.kill()
        reader.join()
        print(b"".join(said).decode(errors="replace"))
        sys.exit(1)


def echo_many():
    with Server("echo_many") as server:
        attack(server, "echo")


def echo_server():
    with Server("echo_server") as server:
        attack(server, "echo")


def kv():
    with Server("kv") as server:
        attack(server, "kv")


def chat():
    with Server("chat") as server:
        attack(server, "chat")


def httpd():
    with tempfile.TemporaryDirectory() as folder:
        content = bytes((i * 31 + (i >> 8) * 17 + (i >> 16)) & 255
                        for i in range(FILE_BYTES))
        pathlib.Path(folder, "bytes").write_bytes(content)
        directory = [] if host == "native" else ["--dir", folder]
        with Server("httpd", folder, options=directory) as server:
            attack(server, "http")


def proxy():
    with Server("echo_server") as upstream:
        address = f"127.0.0.1:{upstream.port}"
        with Server("proxy", address) as server:
            # It needs two descriptors a client, and closes a client whose
            # second it cannot have.
            attack(server, "echo", "--starve", "no", "--clients", "256")


def libev():
    """On the BSD layer: tests/programs/ev_echo.c."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    port = keeper.getsockname()[1]
    with Server(LIBEV, str(port), BACKEND_EPOLL, port=port) as server:
        # It does not stop accepting when that fails. Its timer ticks fifty
        # times a second: 1 % of a processor in a component.
        attack(server, "small-echo", "--spins", "yes", "--cpu", "3")


servers = [echo_many, kv, httpd, chat]
if host == "native" or is_component:
    servers.append(proxy)
if wanted:
    servers = [globals()[name] for name in wanted]
elif host != "native" and not (programs / f"{LIBEV}.wasm").exists():
    print("SKIP: libev is not built, see program_build_libev")
    if os.environ.get("CI") == "true":
        sys.exit(1)
elif host != "native":
    servers.append(libev)
for run in servers:
    run()
