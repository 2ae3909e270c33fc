# SPDX-License-Identifier: MIT
"""The same server on every host, and on none: how long an echo takes, how soon
one that was idle is heard, what it costs that nobody says anything."""

from statistics import median

from hosts import HOSTS, Missing
from measure import Failed, Pace, measure
from servers import SERVERS
from workloads import WORKLOADS, Workload

N_BUSY = 64
HOLD_ONE = Workload("hold_one", (("idle", 1),), (), times=False, holds=True)
HEADS = (
    "1 connection: an echo, ms",
    f"{N_BUSY} busy: an echo, ms",
    "1,000 idle: p50 of a wake-up, ms",
    "p99",
    "1,000 idle, 64 busy: p50, ms",
    "p99",
    "CPU, 1 idle, no traffic: % of a core",
    "CPU, 1,000 idle",
)


def figures_of(server, host, program, pace: Pace) -> list[float]:
    """One figure a head."""

    def ask(name: str) -> dict:
        workload = next(w for w in WORKLOADS if w.name == name)
        return measure(server, host, program, workload, pace)

    quiet, busy = ask("wake_quiet"), ask("wake")
    return [
        1e3 / ask("a1")["requests_per_s"],
        N_BUSY * 1e3 / ask(f"a{N_BUSY}")["requests_per_s"],
        quiet["wake_p50_us"] / 1e3,
        quiet["wake_p99_us"] / 1e3,
        busy["wake_p50_us"] / 1e3,
        busy["wake_p99_us"] / 1e3,
        measure(server, host, program, HOLD_ONE, pace)["cpu_percent"],
        ask("hold")["cpu_percent"],
    ]


def row(label: str, server, host, rounds: int, pace: Pace) -> str:
    try:
        server.make()
        program = host.prepare(server.program) if host else server.program
        rows = [figures_of(server, host, program, pace) for _ in range(rounds)]
        cells = [f"{median(column):.2f}" for column in zip(*rows, strict=True)]
    except (Failed, Missing) as reason:
        cells = [str(reason), *[""] * (len(HEADS) - 1)]
    print(label, *cells, flush=True)
    return f"| {' | '.join([label, *cells])} |"


def table(rounds: int, pace: Pace) -> list[str]:
    ours = [s for s in SERVERS if s.ours and s.workloads is None]
    native = next(s for s in ours if not s.is_guest())
    lines = [
        "## Every host",
        "",
        "echo_many, the same .wasm for all of one WASI; wasmi interprets it, "
        f"wazero's poll does not look at sockets. Medians of {rounds} rounds.",
        "",
        f"| host | {' | '.join(HEADS)} |",
        "|---|" + "---:|" * len(HEADS),
    ]
    for host in HOSTS:
        try:
            label = host.version()
        except Missing:
            label = host.name
        guest = next(s for s in ours if s.runs_on(host))
        lines.append(row(label, guest, host, rounds, pace))
    return [*lines, row("none: native", native, None, rounds, pace), ""]
