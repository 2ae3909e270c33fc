# SPDX-License-Identifier: MIT
"""From measurements to the tables, the plot and the raw figures.

A ratio is taken between two measurements of the same turn and is shown as the
median over the turns: what disturbs the machine disturbs both.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import geometric_mean, median

from servers import NATIVE, NATIVE_POLL, Server
from workloads import (
    IDLE_CONNECTIONS,
    SIZE,
    SPREAD,
    SPREAD_CLOSED,
    SPREAD_OPEN,
    WORKLOADS,
    Figure,
    Workload,
    wake_bound_us,
)

# What a median of five alternated runs may be below 1 by chance.
NOISE = 0.03
# With one request in flight, by connections: the least ratio to the best peer.
ALONE_GOALS = {100: 1, 1000: 2, 5000: 4}


@dataclass(frozen=True)
class Measurement:
    round: int
    host: str | None  # None: native
    server: str
    workload: str
    figures: dict = field(default_factory=dict)
    failure: str | None = None
    turn: int = 0  # within the round


class Results:
    def __init__(self, servers: list[Server], host_versions: dict[str, str]):
        self.servers = servers
        self.host_versions = host_versions
        self.measurements: list[Measurement] = []
        self.absent: list[tuple[str, str]] = []  # what, and why

    def by_turn(self, server: Server, host: str, workload: str, key: str) -> dict:
        at = host if server.is_guest() else None
        return {
            (m.round, m.turn): m.figures[key]
            for m in self.measurements
            if (m.server, m.host, m.workload) == (server.name, at, workload)
            and key in m.figures
        }

    def has(self, workload: str, host: str | None) -> bool:
        return any((m.workload, m.host) == (workload, host) for m in self.measurements)

    def failures(self, server: Server, host: str, workload: str) -> list[str]:
        at = host if server.is_guest() else None
        return [
            m.failure
            for m in self.measurements
            if (m.server, m.host, m.workload) == (server.name, at, workload)
            and m.failure is not None
        ]

    def ratio(self, server, other, host, workload, key) -> float | None:
        above = self.by_turn(server, host, workload, key)
        below = self.by_turn(other, host, workload, key)
        ratios = [
            above[r] / below[r] for r in above.keys() & below.keys() if below[r] > 0
        ]
        return median(ratios) if ratios else None

    def gain(self, server, other, host, workload, figure: Figure) -> float | None:
        """A ratio that is above 1 where the server is better than the other."""
        if figure.lower_is_better:
            server, other = other, server
        return self.ratio(server, other, host, workload, figure.key)

    def median(self, server, host, workload: str, figure: Figure) -> float | None:
        values = self.by_turn(server, host, workload, figure.key)
        return median(values.values()) if values else None

    def best_peer(self, host: str, workload: str, figure: Figure) -> Server | None:
        peers = []
        for server in self.servers:
            value = self.median(server, host, workload, figure)
            if value is not None and server.is_peer():
                peers.append((value, server))
        if not peers:
            return None
        choose = min if figure.lower_is_better else max
        return choose(peers, key=lambda peer: peer[0])[1]

    def ours(self) -> Server | None:
        for server in self.servers:
            if server.ours and server.is_guest() and server.workloads is None:
                return server
        return None

    def ours_native(self) -> Server | None:
        for server in self.servers:
            if server.ours and not server.is_guest():
                return server
        return None


def number(value: float, figure: Figure) -> str:
    return f"{value * figure.scale:,.{figure.digits}f}"


def figure_of(workload: str, key: str) -> Figure:
    figures = (f for w in WORKLOADS if w.name == workload for f in w.figures)
    return next(f for f in figures if f.key == key)


class Notes:
    """Numbered notes below a table; the same text has one number."""

    def __init__(self):
        self.texts: list[str] = []

    def mark(self, text: str) -> str:
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"

    def lines(self) -> list[str]:
        return [f"{i}. {text}" for i, text in enumerate(self.texts, 1)]


def cell(results, server, host, workload: str, figure: Figure, notes: Notes) -> str:
    if not server.runs(workload):
        return ""
    values = results.by_turn(server, host, workload, figure.key)
    failures = results.failures(server, host, workload)
    parts = []
    if values:
        parts.append(number(median(values.values()), figure))
        ratio = results.ratio(server, NATIVE, host, workload, figure.key)
        if ratio is not None and server is not NATIVE:
            parts.append(f"({ratio:.2f})")
    if failures:
        count = f"{len(failures)} of {len(failures) + len(values)} failed"
        parts.append(
            f"{count} {notes.mark(failures[-1])}"
            if values
            else f"fails {notes.mark(failures[-1])}"
        )
    return " ".join(parts) or "–"


def against_best_peer(results, host, workload: str, figure: Figure) -> str:
    ours = results.ours()
    best = results.best_peer(host, workload, figure)
    if ours is None or best is None:
        return "–"
    ratio = results.ratio(ours, best, host, workload, figure.key)
    return "–" if ratio is None else f"{ratio:.2f} ({best.name})"


def host_table(results: Results, host: str) -> list[str]:
    notes = Notes()
    heads = ["", *(server.name for server in results.servers)]
    if results.ours() is not None:
        heads.append("wasock ÷ best peer")
    lines = [" | ".join(["", *heads, ""]).strip()]
    lines.append("|" + "|".join(["---", *["---:"] * (len(heads) - 1)]) + "|")
    rows = [(w.name, f) for w in WORKLOADS for f in w.figures if f.in_table]
    for workload, figure in [*rows, ("size", SIZE)]:
        if not any(m.workload == workload for m in results.measurements):
            continue
        cells = [figure.label]
        cells += [
            cell(results, server, host, workload, figure, notes)
            for server in results.servers
        ]
        if results.ours() is not None:
            cells.append(against_best_peer(results, host, workload, figure))
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", *notes.lines(), ""]


def machine() -> str:
    release = ".".join(platform.release().split(".")[:2])
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {platform.machine()}, {platform.system()} {release}"


class Goals:
    """The lines of one host's table: a goal is left out unless its workload was
    run."""

    def __init__(self, results: Results, host: str):
        self.results = results
        self.host = host
        self.ours = results.ours()
        self.lines: list[str] = []

    def runs(self, workload: str) -> bool:
        return self.results.has(workload, self.host)

    def to_native(self, workload: str, key: str = "requests_per_s") -> float | None:
        return self.results.ratio(self.ours, NATIVE, self.host, workload, key)

    def to_peer(self, workload: str, key: str) -> float | None:
        """A ratio that is above 1 where ours is better than the best peer."""
        figure = figure_of(workload, key)
        best = self.results.best_peer(self.host, workload, figure)
        if best is None:
            return None
        return self.results.gain(self.ours, best, self.host, workload, figure)

    def median(self, workload: str, key: str) -> float | None:
        figure = figure_of(workload, key)
        return self.results.median(self.ours, self.host, workload, figure)

    def add(self, what: str, goal: str, value: float | None, verdict: str) -> None:
        reached = "not measured" if value is None else f"{value:.2f}"
        verdict = "–" if value is None else verdict
        self.lines.append(f"| {what} | {goal} | {reached} | {verdict} |")

    def at_least(self, what, value, least, noise=0.0, more="") -> None:
        verdict = "yes"
        if value is not None and value < least:
            verdict = "yes, within noise" if value >= least - noise else "**no**"
        self.add(what, f"≥ {least:g}{more}", value, verdict)

    def at_most(self, what, value, most) -> None:
        reached = value is not None and value <= most
        self.add(what, f"≤ {most:g}", value, "yes" if reached else "**no**")


def idle_goals(goals: Goals) -> None:
    r_0 = goals.to_native("a64")
    if goals.runs("a64"):
        goals.add("r(0) = wasock ÷ native, no idle", "–", r_0, "–")
        to_peer = goals.to_peer("a64", "requests_per_s")
        goals.at_least("the same ÷ best peer's", to_peer, 1, NOISE)
    for idle in IDLE_CONNECTIONS[1:]:
        if goals.runs(f"a64_i{idle}"):
            r_idle = goals.to_native(f"a64_i{idle}")
            kept = r_idle / r_0 if r_idle is not None and r_0 else None
            goals.at_least(f"r({idle:,}) ÷ r(0)", kept, 0.85)
    for idle, times in ((1000, 3), (5000, 10)):
        if goals.runs(f"a64_i{idle}"):
            value = goals.to_peer(f"a64_i{idle}", "requests_per_s")
            goals.at_least(f"÷ best peer, {idle:,} idle", value, times)


def join_and_bulk_goals(goals: Goals) -> None:
    for workload in ("storm", "arrivals"):
        if goals.runs(workload):
            value = goals.to_native(workload, "joins_per_s")
            goals.at_least(f"{workload} ÷ native's", value, 0.3)
    for workload, key in (
        ("storm", "joins_per_s"),
        ("churn", "connections_per_s"),
        ("bulk", "mib_per_s"),
    ):
        if goals.runs(workload):
            value = goals.to_peer(workload, key)
            goals.at_least(f"{workload} ÷ best peer's", value, 1, NOISE)


def wake_goals(goals: Goals) -> None:
    if goals.runs("wake"):
        wake_us = goals.median("wake", "wake_p50_us")
        wake_ms = wake_us and wake_us / 1e3
        goals.at_most("wake-up, 64 busy, 1,000 idle: p50, ms", wake_ms, 5)
    for workload, watched in (("wake", 1064), ("wake_i9000", 9064)):
        if goals.runs(workload):
            wait_us = goals.median(workload, "wake_p99_us")
            spare = wait_us and wake_bound_us(watched) / wait_us
            goals.at_least(f"documented bound ÷ {workload} p99", spare, 1)


def is_sparse(workload: Workload) -> bool:
    """Many connections, few of them with a request in flight."""
    load = dict(workload.load)
    return load["idle"] >= 1000 and load["in_flight"] <= load["idle"] / 20


def spread_goals(goals: Goals) -> None:
    sparse = []
    for workload in SPREAD_CLOSED:
        if not goals.runs(workload.name):
            continue
        load = dict(workload.load)
        least = ALONE_GOALS[load["idle"]] if load["in_flight"] == 1 else 1
        value = goals.to_peer(workload.name, "requests_per_s")
        goals.at_least(
            f"{workload.name} ÷ best peer's", value, least, NOISE if least == 1 else 0
        )
        if is_sparse(workload) and value is not None:
            sparse.append(value)
    if sparse:
        what = f"geometric mean of {len(sparse)} with N ≥ 1,000, K ≤ N ÷ 20"
        goals.at_least(what, geometric_mean(sparse), 1.5, more=" (aim: 2)")
    for workload in SPREAD_OPEN:
        if goals.runs(workload.name):
            for key, what in (("latency_p99_us", "p99"), ("cpu_us", "CPU")):
                value = goals.to_peer(workload.name, key)
                goals.at_least(
                    f"best peer's {what} ÷ {workload.name}'s", value, 1, NOISE
                )


def goals_table(results: Results, host: str) -> list[str]:
    """What the poller must reach, from the figures of this run."""
    goals = Goals(results, host)
    idle_goals(goals)
    join_and_bulk_goals(goals)
    wake_goals(goals)
    spread_goals(goals)
    if not goals.lines:
        return []
    version = results.host_versions[host]
    heads = ["| what | goal | reached | |", "|---|---:|---:|---|"]
    return [f"### Goals on {version}", "", *heads, *goals.lines, ""]


def native_table(results: Results) -> list[str]:
    """Our server beside a poll(2) loop, both without a host."""
    ours = results.ours_native()
    lines = []
    for workload in SPREAD if ours else ():
        for figure in workload.figures:
            gain = results.gain(ours, NATIVE_POLL, None, workload.name, figure)
            if gain is None or not figure.in_table:
                continue
            cells = [
                number(results.median(server, None, workload.name, figure), figure)
                for server in (ours, NATIVE_POLL)
            ]
            lines.append(f"| {figure.label} | {' | '.join(cells)} | {gain:.2f} |")
    if not lines:
        return []
    title = "## Natively, against a poll(2) loop"
    text = "The ratio is above 1 where wasock is better."
    heads = ["| | wasock native | native poll() | ratio |", "|---|---:|---:|---:|"]
    return [title, "", text, "", *heads, *lines, ""]


def markdown(
    results: Results, title: str, tools: list[str], more: list[str]
) -> str:
    rounds = 1 + max((m.round for m in results.measurements), default=-1)
    lines = [
        f"# {title}",
        "",
        f"Medians of {rounds} rounds, in each of which every server takes its turn at "
        "every workload with a fresh process; in parentheses the ratio to the native "
        "epoll server. Guests are compiled ahead by their host. Requests of 64 bytes, "
        f"one in flight a connection unless said otherwise. Loopback, {machine()}; "
        f"load generator and server share the machine. {', '.join(tools)}.",
        "",
    ]
    for host, version in results.host_versions.items():
        lines += [f"## {version}", "", *host_table(results, host)]
        if results.ours() is not None:
            lines += goals_table(results, host)
    lines += native_table(results)
    lines += more
    if results.absent:
        lines += ["## Not measured", ""]
        lines += [f"- {what}: {reason}" for what, reason in results.absent]
        lines.append("")
    return "\n".join(lines)


def save_raw(results: Results, path: Path) -> None:
    """One measurement a line, so that two runs can be compared."""
    head = {
        "machine": machine(),
        "hosts": results.host_versions,
        "absent": results.absent,
    }
    lines = [
        json.dumps(asdict(measurement), ensure_ascii=False)
        for measurement in results.measurements
    ]
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    body = ",\n".join(lines)
    path.write_text(f'{opening}, "measurements": [\n{body}\n]}}\n')


def idle_line(results: Results, server: Server, host: str) -> list[tuple[int, float]]:
    points = []
    for idle in IDLE_CONNECTIONS:
        workload = f"a64_i{idle}" if idle else "a64"
        values = results.by_turn(server, host, workload, "requests_per_s")
        if values:
            points.append((idle, median(values.values()) / 1000))
    return points


def save_plot(results: Results, path: Path) -> None:
    """Throughput against idle connections; raises ImportError."""
    if not any(
        idle_line(results, server, host)
        for server in results.servers
        for host in results.host_versions
    ):
        return
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "wasock"  # the same file every time
    from matplotlib import pyplot

    hosts = results.host_versions
    figure, panels = pyplot.subplots(
        1,
        len(hosts),
        figsize=(1.5 + 4.5 * len(hosts), 4.5),
        sharey=True,
        squeeze=False,
    )
    for panel, (host, version) in zip(panels[0], hosts.items(), strict=True):
        for server in results.servers:
            points = idle_line(results, server, host)
            if points and server.workloads is None:
                width = 2.5 if server.ours else 1.2
                panel.plot(
                    *zip(*points, strict=True),
                    marker="o",
                    linewidth=width,
                    label=server.name,
                )
        panel.set_title(version)
        panel.set_xlabel("idle connections beside 64 busy ones")
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("thousand echoes a second")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=3 * len(hosts))
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(path, metadata={"Date": None})
