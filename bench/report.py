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
from statistics import median

from servers import NATIVE, Server
from workloads import IDLE_CONNECTIONS, SIZE, wake_bound_us, WORKLOADS, Figure


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

    def best_peer(self, host: str, workload: str, figure: Figure) -> Server | None:
        peers = []
        for server in self.servers:
            values = self.by_turn(server, host, workload, figure.key)
            if values and server.is_peer():
                peers.append((median(values.values()), server))
        if not peers:
            return None
        choose = min if figure.lower_is_better else max
        return choose(peers, key=lambda peer: peer[0])[1]

    def ours(self) -> Server | None:
        for server in self.servers:
            if server.ours and server.is_guest() and server.workloads is None:
                return server
        return None


def number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


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
        parts.append(number(median(values.values()) * figure.scale, figure.digits))
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
    rows = [(w.name, figure) for w in WORKLOADS for figure in w.figures]
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


def check_line(what: str, value: float | None, least: float, unit: str = "") -> str:
    if value is None:
        return f"| {what} | ≥ {least:g}{unit} | not measured | – |"
    verdict = "yes" if value >= least else "**no**"
    return f"| {what} | ≥ {least:g}{unit} | {value:.2f}{unit} | {verdict} |"


def goals(results: Results, host: str) -> list[str]:
    """What the poller must reach, from the figures of this run."""
    ours = results.ours()

    def to_native(workload, key="requests_per_s"):
        return results.ratio(ours, NATIVE, host, workload, key)

    def to_peer(workload, key):
        best = results.best_peer(host, workload, Figure(key, ""))
        return best and results.ratio(ours, best, host, workload, key)

    r_0 = to_native("a64")
    lines = ["| goal | at least | reached | |", "|---|---:|---:|---|"]
    lines.append(check_line("r(0) = wasock ÷ native, no idle", r_0, 0.75))
    lines.append(
        check_line("the same ÷ best peer's", to_peer("a64", "requests_per_s"), 1)
    )
    for idle in IDLE_CONNECTIONS[1:]:
        r_idle = to_native(f"a64_i{idle}")
        kept = r_idle / r_0 if r_idle is not None and r_0 else None
        lines.append(check_line(f"r({idle:,}) ÷ r(0)", kept, 0.85))
    for idle, times in ((1000, 3), (5000, 10)):
        value = to_peer(f"a64_i{idle}", "requests_per_s")
        lines.append(check_line(f"÷ best peer, {idle:,} idle", value, times))
    for workload in ("storm", "arrivals"):
        value = to_native(workload, "joins_per_s")
        lines.append(check_line(f"{workload} ÷ native's", value, 0.3))
    for workload, key in (("churn", "connections_per_s"), ("bulk", "mib_per_s")):
        lines.append(check_line(f"{workload} ÷ best peer's", to_peer(workload, key), 1))
    for workload, watched in (("wake", 1064), ("wake_i9000", 9064)):
        waits = results.by_turn(ours, host, workload, "wake_p99_us")
        bound_us = wake_bound_us(watched)
        spare = bound_us / median(waits.values()) if waits else None
        lines.append(check_line(f"documented bound ÷ {workload} p99", spare, 1))
    return [*lines, ""]


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
            lines += [f"### Goals on {version}", "", *goals(results, host)]
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
