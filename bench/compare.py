# SPDX-License-Identifier: MIT
"""Compare a few servers quickly: they take turns, in every cell, for some rounds.

A server is NAME, NAME@HOST or FILE.wasm@HOST: a name as in servers.py, a part of
a host's name, or a program of one's own, which is not built."""

import sys
from pathlib import Path
from statistics import median

from hosts import HOSTS, Host, Missing
from measure import Failed, Pace, measure
from report import number
from servers import SERVERS, Server
from workloads import WORKLOADS, Workload

PACE = Pace(warm_up_ms=150, measure_ms=600, hold_s=1, turns=1)
DEFAULT_CELLS = "a64,a64_i5000"


def find_host(text: str) -> Host:
    hosts = [host for host in HOSTS if text in host.name]
    exact = [host for host in hosts if host.name == text]
    if len(exact or hosts) != 1:
        names = ", ".join(host.name for host in exact or hosts or HOSTS)
        sys.exit(f"which host is {text}: {names}?")
    return (exact or hosts)[0]


def find_server(text: str, host: Host | None) -> Server:
    if text.endswith(".wasm") or "/" in text:
        path = Path(text).resolve()
        wasi = host.wasi if host else "preview1"
        return Server(path.stem, path, ("true",), wasi=wasi)
    servers = [s for s in SERVERS if s.name == text and s.runs_on(host)]
    if not servers:
        names = dict.fromkeys(s.name for s in SERVERS if s.runs_on(host))
        sys.exit(f"there is no {text}, but {', '.join(names)}")
    return servers[0]


class Contestant:
    def __init__(self, text: str):
        name, _, host = text.partition("@")
        self.text = text
        self.host = find_host(host) if host else None
        self.server = find_server(name, self.host)
        self.figures: dict[str, list[dict]] = {}
        self.failures: dict[str, str] = {}
        self.server.make()
        program = self.server.program
        self.program = self.host.prepare(program) if self.host else program

    def run(self, workload: Workload) -> None:
        try:
            figures = measure(self.server, self.host, self.program, workload, PACE)
            self.figures.setdefault(workload.name, []).append(figures)
        except Failed as failed:
            self.failures[workload.name] = str(failed)

    def column(self, workload: Workload, key: str) -> list[float]:
        return [run[key] for run in self.figures.get(workload.name, [])]

    def cells(self, workload: Workload, first: "Contestant") -> list[str]:
        """Of each figure: the median, its range, the ratio to the first's."""
        cells = []
        for figure in workload.figures:
            mine = self.column(workload, figure.key)
            theirs = first.column(workload, figure.key)
            if not mine:
                return [self.failures.get(workload.name, "–")]
            low, middle, high = (number(f(mine), figure) for f in (min, median, max))
            cell = f"{middle} ({low} to {high})"
            if self is not first and theirs and median(theirs) > 0:
                cell += f" {median(mine) / median(theirs):.2f}"
            cells.append(cell)
        return cells


def run(texts: str, cells: str | None, rounds: int) -> int:
    names = (cells or DEFAULT_CELLS).split(",")
    workloads = [w for w in WORKLOADS if {w.name, w.group} & set(names)]
    if not workloads:
        sys.exit(f"no cell is called {cells}: see workloads.py")
    try:
        contestants = [Contestant(text) for text in texts.split(",")]
    except Missing as missing:
        sys.exit(str(missing))
    width = max(len(contestant.text) for contestant in contestants)
    for workload in workloads:
        for turn in range(rounds):
            shift = turn % len(contestants)  # not always the same one first
            for contestant in contestants[shift:] + contestants[:shift]:
                contestant.run(workload)
        heads = "; ".join(f.label.rpartition(": ")[2] for f in workload.figures)
        print(f"{workload.name}: {heads}", flush=True)
        for contestant in contestants:
            row = "; ".join(contestant.cells(workload, contestants[0]))
            print(f"  {contestant.text:{width}}  {row}", flush=True)
    return 1 if any(contestant.failures for contestant in contestants) else 0
