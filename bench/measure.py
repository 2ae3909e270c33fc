# SPDX-License-Identifier: MIT
"""One measurement: a fresh server, the load generator, and their end."""

import ctypes
import json
import os
import resource
import select
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hosts import Host
from servers import LOAD, Server
from workloads import Workload

BACKLOG = 4096
LISTENER_FD = 3
JOIN_LIMIT_MS = 15_000
FIRST_ECHO_LIMIT_S = 20
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Pace:
    warm_up_ms: int
    measure_ms: int
    hold_s: float
    # In a round, at what is cheap to start: a process is faster or slower than
    # another of the same program by a tenth, for as long as it lives.
    turns: int


class Failed(Exception):
    """The server died, refused or gave wrong answers; the text says which."""


def open_listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    # Accepted connections inherit it; a guest has no way to set it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def patience(host: Host | None) -> int:
    return host.patience if host else 1


def die_with_runner() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Running:
    """A started server."""

    def __init__(self, process: subprocess.Popen, port: int, messages):
        self.process = process
        self.port = port
        self.messages = messages

    def explain(self, failure: Failed) -> Failed:
        """Adds to what the client saw what the server said in dying, if it did.
        Ask before the client's connections close: that is an event, too."""
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return failure
        self.messages.seek(0)
        text = self.messages.read().decode(errors="replace")
        lines = text.strip().splitlines() or [""]
        said = next((line for line in lines if "wasm trap" in line), lines[-1])
        said = said.partition("wasm trap: ")[2] or said.strip()
        return Failed(f"died with status {self.process.returncode}: {said}")


@contextmanager
def running(
    server: Server, host: Host | None, program: Path, n_descriptors: int | None = None
):
    """Yields the started server, once it has answered; kills it in the end.

    The listener takes the lowest free descriptor, so that when it is opened 3
    is taken by it or by a file that no child inherits.
    """
    listener = open_listener()
    port = listener.getsockname()[1]
    inherited = host is None or host.takes_listener
    if not inherited:
        listener.close()

    def before_exec():
        die_with_runner()
        if n_descriptors is not None:
            limit = (n_descriptors, n_descriptors)
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        if inherited:
            os.dup2(listener.fileno(), LISTENER_FD)
            os.environ["LISTEN_FDS"] = "1"
            os.environ["LISTEN_PID"] = str(os.getpid())

    if host is None:
        command = [str(program), *server.arguments]
    else:
        command = host.command(program, server.arguments, f"127.0.0.1:{port}")
    with tempfile.TemporaryFile() as messages:
        processes = [
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=messages,
                preexec_fn=before_exec,
                pass_fds=(LISTENER_FD,) if inherited else (),
            )
            for _ in range(server.processes)
        ]
        listener.close()
        try:
            started = Running(processes[0], port, messages)
            await_first_echo(started, FIRST_ECHO_LIMIT_S * patience(host))
            yield started
        finally:
            for process in processes:
                process.kill()
                process.wait()


def await_first_echo(started: Running, limit_s: float) -> None:
    address = ("127.0.0.1", started.port)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and started.process.poll() is None:
        try:
            with socket.create_connection(address, timeout=5) as client:
                client.settimeout(max(0.1, deadline - time.monotonic()))
                client.sendall(b"?")
                if client.recv(1) == b"?":
                    return
        except ConnectionError:
            time.sleep(0.02)  # a host that binds for itself is not there yet
        except TimeoutError:
            break
    raise started.explain(Failed("no answer to the first client"))


def load_command(
    workload: Workload, port: int, join_limit_ms: int, pace: Pace
) -> list[str]:
    options = {"port": port, "join-limit-ms": join_limit_ms, **dict(workload.load)}
    if workload.times:
        options["warm-up-ms"] = pace.warm_up_ms
        options["measure-ms"] = pace.measure_ms
    command = [str(LOAD)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return command


def parse_answer(line: bytes) -> dict:
    try:
        answer = json.loads(line)
    except ValueError:
        raise Failed("the load generator gave no answer") from None
    if "failure" in answer:
        joined = f" ({answer['joined']:,} joined)" if "joined" in answer else ""
        raise Failed(answer["failure"] + joined)
    return answer


def read_answer(loader: subprocess.Popen, server_pid: int, limit_s: float) -> dict:
    """The load generator's answer, and the CPU time that the server used for a
    request between its lines "begin" and "end"."""
    deadline = time.monotonic() + limit_s
    cpu_at = {}
    while True:
        remaining_s = max(0, deadline - time.monotonic())
        ready, _, _ = select.select([loader.stdout], [], [], remaining_s)
        if not ready:
            raise Failed("the load generator did not end")
        line = loader.stdout.readline()
        if line not in (b"begin\n", b"end\n"):
            break
        cpu_at[line] = cpu_ns(server_pid)
    answer = parse_answer(line)
    if answer.get("requests"):
        used_ns = cpu_at[b"end\n"] - cpu_at[b"begin\n"]
        answer["cpu_us"] = used_ns / 1e3 / answer["requests"]
    return answer


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise Failed("has no memory")


def cpu_ns(pid: int) -> int:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


@contextmanager
def surplus_clients(port: int, n_clients: int):
    """Clients that the server has no descriptors for."""
    clients = [socket.socket() for _ in range(n_clients)]
    try:
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield
    finally:
        for client in clients:
            client.close()


def observe(pid: int, hold_s: float) -> dict:
    time.sleep(0.5)  # let the last of the work done for joining end
    begin, cpu_before = time.monotonic(), cpu_ns(pid)
    time.sleep(hold_s)
    used_ns = cpu_ns(pid) - cpu_before
    percent = 100 * used_ns / 1e9 / (time.monotonic() - begin)
    return {"cpu_percent": percent, "resident_mib": resident_mib(pid)}


def measure(
    server: Server, host: Host | None, program: Path, workload: Workload, pace: Pace
) -> dict:
    """The figures; raises Failed."""
    join_limit_ms = JOIN_LIMIT_MS * patience(host)
    limit_s = (join_limit_ms + pace.warm_up_ms + pace.measure_ms) / 1000 + 10
    with running(server, host, program, workload.n_descriptors) as started:
        loader = subprocess.Popen(
            load_command(workload, started.port, join_limit_ms, pace),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # select() does not see what a buffer holds
            preexec_fn=die_with_runner,
        )
        try:
            answer = read_answer(loader, started.process.pid, limit_s)
            if workload.holds:
                with surplus_clients(started.port, workload.n_surplus):
                    answer |= observe(started.process.pid, pace.hold_s)
            if any(figure.key not in answer for figure in workload.figures):
                raise Failed("no request was answered while measuring")
            return answer
        except OSError:  # no such process any more
            raise started.explain(Failed("could not be observed")) from None
        except Failed as failure:
            raise started.explain(failure) from None
        finally:
            loader.kill()
            loader.communicate()
