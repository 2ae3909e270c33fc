# SPDX-License-Identifier: MIT
"""Builds the servers, lets them take turns at the workloads, reports."""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import compare
import each_host
import fakenet
import report
from hosts import BUILD, FULL_HOSTS, HOSTS, QUICK_HOSTS, Missing
from measure import Failed, Pace, measure
from report import Measurement, Results
from servers import LOAD_BUILD, SERVERS, run_build
from workloads import WORKLOADS

RESULTS = Path(__file__).resolve().parent / "results"
QUICK = Pace(warm_up_ms=150, measure_ms=700, hold_s=1, turns=1)
FULL = Pace(warm_up_ms=200, measure_ms=1000, hold_s=3, turns=3)
QUICK_ROUNDS, FULL_ROUNDS, EACH_HOST_ROUNDS, COMPARE_ROUNDS = 1, 5, 3, 5
JOIN_FAILURE = "not all clients were answered in the time given"  # load.c's
# No measurement begins after it; the last one may take half a minute.
QUICK_LIMIT_S, FULL_LIMIT_S = 5 * 60, 110 * 60


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows, one round: 6 minutes at most"
    )
    parser.add_argument(
        "--hosts", help=f"comma-separated, of {', '.join(host.name for host in HOSTS)}"
    )
    parser.add_argument("--servers", help="only those whose names contain one of these")
    parser.add_argument(
        "--workloads",
        help="comma-separated names or groups (spread), see workloads.py; without "
        "the tables of every host and of the network in the process",
    )
    parser.add_argument("--rounds", type=int, help="at most")
    parser.add_argument(
        "--compare",
        metavar="A,B",
        help="only compare servers, such as 'wasock@wasmtime-49 by 0.3', 'native "
        "epoll' or path/to/echo.wasm@wasmtime-46, at --workloads, in turns of 0.6 s",
    )
    parser.add_argument(
        "--limit-minutes", type=int, help="no measurement begins after these"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="directory; bench/results, or build/bench/results for a quick run",
    )
    return parser.parse_args()


def choose(arguments: argparse.Namespace) -> tuple[list, list, list]:
    names = QUICK_HOSTS if arguments.quick else FULL_HOSTS
    if arguments.hosts:
        names = arguments.hosts.split(",")
    hosts = [host for host in HOSTS if host.name in names]
    workloads = [w for w in WORKLOADS if w.quick or not arguments.quick]
    if arguments.workloads:
        names = set(arguments.workloads.split(","))
        workloads = [w for w in WORKLOADS if names & {w.name, w.group}]
        unknown = names - {word for w in workloads for word in (w.name, w.group)}
        if unknown:
            sys.exit(f"no workload or group is called {', '.join(sorted(unknown))}")
    servers = [s for s in SERVERS if any(s.runs(w.name) for w in workloads)]
    if arguments.servers:
        words = arguments.servers.split(",")
        servers = [s for s in servers if any(word in s.name for word in words)]
    return hosts, servers, workloads


def prepare(hosts, servers, results: Results) -> list[tuple]:
    """Builds everything; the pairs (server, host, program) that can start."""
    pairs = []
    present = []
    for host in hosts:
        try:
            results.host_versions[host.name] = host.version()
            present.append(host)
        except Missing as missing:
            results.absent.append((host.name, str(missing)))
    for server in servers:
        if server.is_guest() and not any(map(server.runs_on, present)):
            continue
        print(f"building {server.label()}", flush=True)
        try:
            server.make()
            if not server.is_guest():
                pairs.append((server, None, server.program))
                continue
            for host in filter(server.runs_on, present):
                pairs.append((server, host, host.prepare(server.program)))
        except Missing as missing:
            results.absent.append((server.label(), str(missing)))
    results.servers = [s for s in servers if any(s is pair[0] for pair in pairs)]
    return pairs


def record_sizes(pairs, results: Results) -> None:
    for server, host, _ in pairs:
        size_kib = server.program.stat().st_size / 1024
        results.measurements.append(
            Measurement(
                0, host and host.name, server.name, "size", {"size_kib": size_kib}
            )
        )


class Overcrowded:
    """Servers that could not serve some number of clients in the time given: no
    more are sent to them, as waiting for that takes long."""

    def __init__(self):
        self.limits: dict[tuple, tuple[int, str]] = {}

    def check(self, server, host, workload) -> None:
        n_clients, failure = self.limits.get((server.label(), host), (None, ""))
        if n_clients is not None and workload.n_clients() >= n_clients:
            raise Failed(f"{failure}: with {n_clients:,} already")

    def learn(self, server, host, workload, failure: str) -> None:
        n_clients = workload.n_clients()
        known = self.limits.get((server.label(), host), (n_clients + 1, ""))[0]
        if JOIN_FAILURE in failure and n_clients < known and not server.ours:
            self.limits[server.label(), host] = (n_clients, failure)


overcrowded = Overcrowded()


def take_turns(number: int, turn: int, pairs, workload, pace, results, deadline):
    """Each server once at a workload; whether there was time for all."""
    # Not always the same one first, nor always after the same one.
    start = (number + turn) % len(pairs)
    for server, host, program in pairs[start:] + pairs[:start]:
        if not server.runs(workload.name):
            continue
        if time.monotonic() > deadline:
            return False
        name = host and host.name
        place = f"{workload.name:18} {server.name} on {name or 'this machine'}"
        try:
            overcrowded.check(server, host, workload)
            answer = measure(server, host, program, workload, pace)
            failure = None
            figures = {f.key: answer[f.key] for f in workload.figures}
            shown = "; ".join(
                f"{f.label.rpartition(': ')[2]} {report.number(figures[f.key], f)}"
                for f in workload.figures
            )
        except Failed as failed:
            figures, failure = {}, str(failed)
            overcrowded.learn(server, host, workload, failure)
            shown = f"failed: {failure}"
        print(f"{number + 1} {place}: {shown}", flush=True)
        results.measurements.append(
            Measurement(
                number, name, server.name, workload.name, figures, failure, turn
            )
        )
    return True


def one_round(number: int, pairs, workloads, pace: Pace, results, deadline) -> bool:
    """Each server at each workload; whether there was time for all."""
    for workload in workloads:
        turns = pace.turns if workload.cheap else 1
        measure_ms = round(pace.measure_ms * workload.span) // turns
        part = replace(pace, measure_ms=measure_ms)
        for turn in range(turns):
            if not take_turns(number, turn, pairs, workload, part, results, deadline):
                return False
    return True


def tool_versions() -> list[str]:
    commands = (["clang-22", "--version"], ["rustc", "--version"], ["go", "version"])
    versions = []
    for command in commands:
        if shutil.which(command[0]):
            answer = subprocess.run(command, capture_output=True, text=True)
            versions.append(" ".join(answer.stdout.split("\n")[0].split()[:4]))
    return versions


def publish(results: Results, output: Path, quick: bool, more: list[str]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    title = "Benchmark, quick run" if quick else "Benchmark"
    text = report.markdown(results, title, tool_versions(), more)
    (output / "table.md").write_text(text)
    report.save_raw(results, output / "raw.json")
    print("\n" + text)
    try:
        report.save_plot(results, output / "idle.svg")
    except ImportError as missing:
        results.absent.append(("the plot", str(missing)))
        print(f"no plot: {missing}")


def main() -> int:
    begin = time.monotonic()
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # With it set, a wasmtime host pays for a backtrace at every EAGAIN.
    os.environ.pop("RUST_BACKTRACE", None)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    BUILD.mkdir(parents=True, exist_ok=True)
    hosts, servers, workloads = ([], [], []) if arguments.compare else choose(arguments)
    results = Results(servers, {})
    try:
        run_build(LOAD_BUILD, BUILD, {})
    except Missing as missing:
        sys.exit(f"no load generator: {missing}")
    if arguments.compare:
        rounds = arguments.rounds or COMPARE_ROUNDS
        return compare.run(arguments.compare, arguments.workloads, rounds)
    pairs = prepare(hosts, servers, results)
    if not results.host_versions:
        sys.exit("no host is installed: run tools/setup.sh, or set WASMTIME")
    record_sizes(pairs, results)
    limit_s = QUICK_LIMIT_S if arguments.quick else FULL_LIMIT_S
    if arguments.limit_minutes:
        limit_s = 60 * arguments.limit_minutes
    deadline = begin + limit_s
    pace = QUICK if arguments.quick else FULL
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else FULL_ROUNDS)
    for number in range(rounds):
        round_begin = time.monotonic()
        if not one_round(number, pairs, workloads, pace, results, deadline):
            break
        took_s = time.monotonic() - round_begin
        print(f"round {number + 1} of {rounds} took {took_s:.0f} s", flush=True)
    output = BUILD / "results" if arguments.quick else RESULTS
    more = []
    if not arguments.workloads:
        more = each_host.table(1 if arguments.quick else EACH_HOST_ROUNDS, pace)
        present = [host for host in hosts if host.name in results.host_versions]
        more += fakenet.table(present)
    publish(results, arguments.output or output, arguments.quick, more)
    print(f"took {time.monotonic() - begin:.0f} s")
    names = {server.name for server in SERVERS if server.ours}
    ours_failed = any(m.failure and m.server in names for m in results.measurements)
    # A peer that cannot be built is a row that says so.
    missing = {name for name, _ in results.absent}
    ours = {host.name for host in hosts} | {s.label() for s in SERVERS if s.ours}
    unprepared = os.environ.get("CI") == "true" and missing & ours
    return 1 if ours_failed or unprepared else 0


if __name__ == "__main__":
    sys.exit(main())
