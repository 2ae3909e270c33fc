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

from hosts import PREVIEW1_HOST, host_named
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
# Of the native server to the epoll peer, in every shape.
NATIVE_GOAL = 0.97
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

    def on(self, host: str) -> list[Server]:
        """The host's guests, and the native servers."""
        at = host_named(host)
        return [s for s in self.servers if s.runs_on(None) or s.runs_on(at)]

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

    def ratio(self, server, other, host, workload, key, other_host=None):
        """The median over the turns, or None."""
        above = self.by_turn(server, host, workload, key)
        below = self.by_turn(other, other_host or host, workload, key)
        ratios = [
            above[r] / below[r] for r in above.keys() & below.keys() if below[r] > 0
        ]
        return median(ratios) if ratios else None

    def gain(self, server, other, host, workload, figure: Figure, other_host=None):
        """A ratio that is above 1 where the server is better than the other."""
        ratio = self.ratio(server, other, host, workload, figure.key, other_host)
        if figure.lower_is_better and ratio is not None:
            return 1 / ratio if ratio > 0 else None
        return ratio

    def median(self, server, host, workload: str, figure: Figure) -> float | None:
        values = self.by_turn(server, host, workload, figure.key)
        return median(values.values()) if values else None

    def rivals(self, host: str) -> list[str]:
        """The hosts whose peers are compared: for a component, those of either
        WASI on the same executable."""
        at = host_named(host)
        if at.wasi == "preview1":
            return [host]
        return [
            name
            for name in self.host_versions
            if host_named(name).executable == at.executable
            and host_named(name).wasi != "preview1"
        ]

    def best_peer(self, host: str, workload: str, figure: Figure):
        """The best peer and its host, or None."""
        peers = []
        for rival in self.rivals(host):
            for server in self.on(rival):
                value = self.median(server, rival, workload, figure)
                if value is not None and server.is_peer():
                    peers.append((value, server, rival))
        if not peers:
            return None
        choose = min if figure.lower_is_better else max
        return choose(peers, key=lambda peer: peer[0])[1:]

    def ours(self, host: str) -> Server | None:
        for server in self.on(host):
            if server.ours and server.is_guest() and server.workloads is None:
                return server
        return None

    def limit(self, host: str) -> Server | None:
        for server in self.on(host):
            if server.is_limit:
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
    ours = results.ours(host)
    best = results.best_peer(host, workload, figure)
    if ours is None or best is None:
        return "–"
    peer, rival = best
    ratio = results.ratio(ours, peer, host, workload, figure.key, rival)
    return "–" if ratio is None else f"{ratio:.2f} ({peer.name})"


def host_table(results: Results, host: str) -> list[str]:
    notes = Notes()
    servers = results.on(host)
    heads = ["", *(server.name for server in servers)]
    if results.ours(host) is not None:
        heads.append("wasock ÷ best peer")
    lines = [" | ".join(["", *heads, ""]).strip()]
    lines.append("|" + "|".join(["---", *["---:"] * (len(heads) - 1)]) + "|")
    rows = [(w.name, f) for w in WORKLOADS for f in w.figures if f.in_table]
    for workload, figure in [*rows, ("size", SIZE)]:
        if not any(m.workload == workload for m in results.measurements):
            continue
        cells = [figure.label]
        cells += [
            cell(results, server, host, workload, figure, notes) for server in servers
        ]
        if results.ours(host) is not None:
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
        self.ours = results.ours(host)
        self.limit = results.limit(host)
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
        peer, rival = best
        return self.results.gain(self.ours, peer, self.host, workload, figure, rival)

    def to_preview1(self, workload: str, key: str = "requests_per_s"):
        """The ratio to the same server as a preview1 module."""
        if PREVIEW1_HOST not in self.results.host_versions:
            return None
        module = self.results.ours(PREVIEW1_HOST)
        return module and self.results.ratio(
            self.ours, module, self.host, workload, key, PREVIEW1_HOST
        )

    def to_limit(self, workload: str) -> float | None:
        """Our CPU time a request to that of a bare event loop."""
        return self.limit and self.results.ratio(
            self.ours, self.limit, self.host, workload, "cpu_us"
        )

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


# Of a component to the preview1 module, by WASI and workload.
COMPONENT_GOALS = {
    "0.2": {"a64": 0.75, "a64_i5000": 0.65, "a8_16k": 0.5},
    "0.3": {"a64": 0.9, "a64_i5000": 0.8, "a8_16k": 0.7},
}


def preview1_goals(goals: Goals) -> None:
    """Or, where the host is the bound, within 1.1 times a bare event loop."""
    wasi = host_named(goals.host).wasi
    for workload, least in COMPONENT_GOALS[wasi].items():
        if goals.runs(workload):
            value = goals.to_preview1(workload)
            goals.at_least(f"{workload} ÷ preview1's", value, least)
            bare = goals.to_limit(workload)
            if bare is not None:
                what = f"or {workload}: CPU ÷ bare event loop's"
                goals.at_most(what, bare, 1.1)
    if goals.runs("a64_i9000"):
        rates = [
            goals.median(f"a64_i{idle}", "requests_per_s") for idle in (9000, 5000)
        ]
        kept = rates[0] / rates[1] if all(rates) else None
        goals.at_least("9,000 idle ÷ 5,000 idle", kept, 0.9)


def component_goals(goals: Goals) -> None:
    preview1_goals(goals)
    for workload in WORKLOADS:
        figure = workload.figures[0]
        if workload.holds or not goals.runs(workload.name):
            continue
        least = 2 if workload.name == "a64_i5000" else 1
        value = goals.to_peer(workload.name, figure.key)
        what = f"{workload.name} ÷ best peer's"
        if figure.lower_is_better:
            what = f"best peer's ÷ {workload.name}'s"
        goals.at_least(what, value, least, NOISE if least == 1 else 0)
    for workload, most in (("hold", 0.5), ("starved", 2)):
        if goals.runs(workload):
            value = goals.median(workload, "cpu_percent")
            goals.at_most(f"{workload}: CPU, %", value, most)
    wake_goals(goals)


def goals_table(results: Results, host: str) -> list[str]:
    """What the poller must reach, from the figures of this run."""
    goals = Goals(results, host)
    if host_named(host).wasi == "preview1":
        idle_goals(goals)
        join_and_bulk_goals(goals)
        wake_goals(goals)
        spread_goals(goals)
    else:
        component_goals(goals)
    if not goals.lines:
        return []
    version = results.host_versions[host]
    heads = ["| what | goal | reached | |", "|---|---:|---:|---|"]
    return [f"### Goals on {version}", "", *heads, *goals.lines, ""]


def native_row(results: Results, workload: Workload, figure: Figure) -> str | None:
    """Our native server beside the epoll and the poll(2) peer."""
    ours = results.ours_native()
    gains = [
        results.gain(ours, peer, None, workload.name, figure)
        for peer in (NATIVE, NATIVE_POLL)
    ]
    if gains[0] is None:
        return None
    cells = [figure.label]
    for server in (ours, NATIVE, NATIVE_POLL):
        value = results.median(server, None, workload.name, figure)
        cells.append("" if value is None else number(value, figure))
    cells += ["" if gain is None else f"{gain:.2f}" for gain in gains]
    if figure is workload.figures[0]:
        cells.append("yes" if gains[0] >= NATIVE_GOAL else "**no**")
    else:
        cells.append("")
    return f"| {' | '.join(cells)} |"


def native_table(results: Results) -> list[str]:
    """Our server beside an epoll and a poll(2) loop, all without a host."""
    rows = [
        native_row(results, workload, figure)
        for workload in (WORKLOADS if results.ours_native() else ())
        for figure in workload.figures
        if figure.in_table and not workload.holds
    ]
    if not any(rows):
        return []
    title = "## Natively, against epoll and poll(2) loops"
    text = "Ratios are above 1 where wasock is better."
    heads = [
        f"| | wasock native | {NATIVE.name} | {NATIVE_POLL.name} "
        f"| ÷ epoll | ÷ poll() | ÷ epoll ≥ {NATIVE_GOAL} |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    return [title, "", text, "", *heads, *filter(None, rows), ""]


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
        if results.ours(host) is not None:
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
        for server in results.on(host):
            points = idle_line(results, server, host)
            if points and (server.workloads is None or server.is_limit):
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
