# SPDX-License-Identifier: MIT
"""Known C servers on the BSD layer against the same programs natively, in turn;
two of them also beside 1,000 idle connections, by poll and by epoll.

programs.py [OUTPUT], from bench/run.sh --programs; needs ab and redis-benchmark.
"""

import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "programs"))
import haproxy  # noqa: E402
import lighttpd  # noqa: E402
import memcached  # noqa: E402
import nginx  # noqa: E402
import redis  # noqa: E402
import serving  # noqa: E402

FOLDER = ROOT / "build" / "bench" / "programs"
ROUNDS = 3
IDLE = 1000
N_REQUESTS = 30000
N_MESSAGES = 2000
N_SUBSCRIBERS = 10


def build(name: str, native: bool) -> Path:
    folder = FOLDER / ("native" if native else "guest") / name
    if not folder.exists():
        ar, ranlib = ("ar", "ranlib") if native else ("llvm-ar-22", "llvm-ranlib-22")
        cc = "cc" if native else str(ROOT / "build/wasm/bin/wasock-cc")
        subprocess.run(
            [sys.executable, ROOT / "tests/programs/build.py", name, cc, ar, ranlib, folder],
            check=True,
        )
    return folder


def connect(port: int) -> socket.socket:
    for _ in range(2000):
        try:
            return socket.create_connection(("127.0.0.1", port), 10)
        except ConnectionRefusedError:
            time.sleep(0.005)
    raise RuntimeError("the server does not listen")


@contextmanager
def serving(program: Path, arguments: list[str], environment: dict, port: int):
    native = program.suffix != ".wasm"
    if native:
        words = [str(program), *arguments]
    else:
        words = [sys.executable, str(ROOT / "tools/wasock-run"), "--runtime", "wasmtime"]
        words += ["--listen", f"127.0.0.1:{port}", "--dir", "/::/"]
        for key, value in environment.items():
            words += ["--env", f"{key}={value}"]
        words += [str(program), *arguments]
    process = subprocess.Popen(
        words,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        connect(port).close()
        yield
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ab_per_s(port: int, path: str) -> float:
    answer = subprocess.run(
        ["ab", "-q", "-k", "-n", str(N_REQUESTS), "-c", "64"]
        + [f"http://127.0.0.1:{port}/{path}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.search(r"Requests per second:\s+([\d.]+)", answer.stdout)
    return float(found[1]) if found else 0.0


def redis_per_s(port: int, command: str) -> float:
    answer = subprocess.run(
        ["redis-benchmark", "-p", str(port), "-n", str(N_REQUESTS), "-c", "50"]
        + ["-t", command, "--csv"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return float(answer.stdout.splitlines()[-1].split(",")[1].strip('"'))


def memcached_per_s(port: int, batch: int) -> float:
    """Gets, by 8 clients that send `batch` at a time."""
    clients = [connect(port) for _ in range(8)]
    value = b"v" * 100
    clients[0].sendall(b"set key 0 0 100\r\n" + value + b"\r\n")
    assert clients[0].recv(100) == b"STORED\r\n"
    answer_size = len(b"VALUE key 0 100\r\n" + value + b"\r\nEND\r\n")
    begin = time.monotonic()
    for _ in range(N_REQUESTS // batch // len(clients)):
        for client in clients:
            client.sendall(b"get key\r\n" * batch)
        for client in clients:
            left = answer_size * batch
            while left > 0:
                left -= len(client.recv(left))
    return N_REQUESTS / (time.monotonic() - begin)


# What is measured of a program, how it waits, and by whom.
ALONE = (
    ("nginx, requests/s", nginx, "epoll", ab_per_s, "a.txt"),
    ("lighttpd, requests/s", lighttpd, "epoll", ab_per_s, "a.txt"),
    ("haproxy, its own page, requests/s", haproxy, "epoll", ab_per_s, "hello"),
    ("redis, SET/s", redis, "threads", redis_per_s, "set"),
    ("redis, GET/s", redis, "threads", redis_per_s, "get"),
    ("memcached, get/s, 10 at a time", memcached, "threads", memcached_per_s, 10),
)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone() -> list[str]:
    """The rate, and the server's CPU time, which depends less on other load."""
    lines = []
    for label, module, kind, measure, what in ALONE:
        values = {"native": [], "guest": []}
        costs = {"native": [], "guest": []}
        for _ in range(ROUNDS):
            for where, host in (("native", "native"), ("guest", "wasmtime")):
                folder = build(module.__name__, where == "native")
                serving.use(host, folder)
                with module.start(kind) as server:
                    server.connect().close()
                    begin_s = cpu_s(server.process.pid)
                    values[where].append(measure(server.port, what))
                    used_s = cpu_s(server.process.pid) - begin_s
                    costs[where].append(used_s / N_REQUESTS * 1e6)
        lines.append(row(label, values))
        lines.append(row(f"{label.partition(',')[0]}, µs of CPU each", costs))
    return lines


def row(label: str, values: dict) -> str:
    native, guest = (statistics.median(values[w]) for w in ("native", "guest"))
    line = f"| {label} | {native:,.0f} | {guest:,.0f} | {guest / native:.2f} |"
    print(line, flush=True)
    return line


def requests_per_s(folder: Path, suffix: str, kind: str, n_idle: int) -> float:
    port = free_port()
    environment = {"EVENT_NOEPOLL": "1"} if kind == "poll" else {}
    with tempfile.TemporaryDirectory() as www:
        Path(www, "a.txt").write_text("hello\n")
        program = folder / f"libevent{suffix}"
        with serving(program, ["-p", str(port), www], environment, port):
            idle = [connect(port) for _ in range(n_idle)]
            found = ab_per_s(port, "a.txt")
            for one in idle:
                one.close()
    return found


class Mqtt:
    def __init__(self, port: int, name: str):
        self.socket = connect(port)
        text = name.encode()
        body = b"\0\4MQTT\4\2\0\x3c" + struct.pack(">H", len(text)) + text
        self.socket.sendall(bytes([0x10, len(body)]) + body)
        self.receive(4)

    def receive(self, n: int) -> None:
        while n > 0:
            n -= len(self.socket.recv(min(n, 1 << 16)))

    def subscribe(self) -> None:
        self.socket.sendall(b"\x82\x06\0\1\0\1t\0")
        self.receive(5)


def messages_per_s(folder: Path, suffix: str, kind: str, n_idle: int) -> float:
    port = free_port()
    with tempfile.TemporaryDirectory() as etc:
        file = Path(etc, "mosquitto.conf")
        file.write_text(
            f"listener {port}\nallow_anonymous true\npersistence false\n"
            "log_dest none\nuser root\n"
        )
        program = folder / f"mosquitto-{kind}{suffix}"
        with serving(program, ["-c", str(file)], {}, port):
            idle = [Mqtt(port, f"i{i}") for i in range(n_idle)]
            subscribers = [Mqtt(port, f"s{i}") for i in range(N_SUBSCRIBERS)]
            for one in subscribers:
                one.subscribe()
            publisher = Mqtt(port, "p")
            message = bytes([0x30, 8]) + b"\0\1thello"
            begin = time.monotonic()
            for _ in range(N_MESSAGES // 20):
                publisher.socket.sendall(message * 20)
                for one in subscribers:
                    one.receive(len(message) * 20)
            elapsed = time.monotonic() - begin
            del idle
    return N_MESSAGES * N_SUBSCRIBERS / elapsed


def rows(label: str, name: str, measure) -> list[str]:
    lines = []
    for n_idle in (0, IDLE):
        for kind in ("poll", "epoll"):
            values = {"native": [], "guest": []}
            for _ in range(ROUNDS):
                for where, suffix in (("native", ""), ("guest", ".wasm")):
                    folder = build(name, where == "native")
                    values[where].append(measure(folder, suffix, kind, n_idle))
            lines.append(row(f"{label}, {kind}, {n_idle:,} idle", values))
    return lines


def main() -> None:
    for tool in ("ab", "redis-benchmark"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed: tools/setup.sh --all-hosts does it")
    os.environ.pop("RUST_BACKTRACE", None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Known servers",
        "",
        f"Medians of {ROUNDS} rounds, natively and on wasmtime 36 by the BSD layer. "
        "libevent's http-server answers ab, 64 connections kept alive; mosquitto "
        f"delivers QoS 0 messages to {N_SUBSCRIBERS} subscribers. nginx, lighttpd "
        "and haproxy answer ab as well, redis redis-benchmark with 50 clients. The "
        "clients of mosquitto and memcached, in Python, are the limit of the faster "
        "figures.",
        "",
        "| | native | guest | guest ÷ native |",
        "|---|---:|---:|---:|",
        *alone(),
        *rows("http-server, requests/s", "libevent", requests_per_s),
        *rows("mosquitto, deliveries/s", "mosquitto", messages_per_s),
    ]
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench/results"
    output.mkdir(parents=True, exist_ok=True)
    (output / "programs.md").write_text("\n".join(lines) + "\n")


main()
