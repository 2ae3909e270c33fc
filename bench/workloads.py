# SPDX-License-Identifier: MIT
"""What is asked of the servers, and which figures come of it."""

from dataclasses import dataclass

IDLE_CONNECTIONS = (0, 1000, 5000, 9000)


def wake_bound_us(watched: int) -> int:
    """The bound that the poller documents."""
    return max(20_000, 20 * watched)


@dataclass(frozen=True)
class Figure:
    key: str  # in the load generator's answer, or in the runner's
    label: str  # the row's head
    scale: float = 1
    lower_is_better: bool = False
    digits: int = 0  # after the point
    in_table: bool = True  # otherwise only printed during the run


@dataclass(frozen=True)
class Workload:
    name: str
    load: tuple[tuple[str, int | str], ...]  # options of the load generator
    figures: tuple[Figure, ...]
    quick: bool = False
    times: bool = True  # measures for a time, after a warm-up
    holds: bool = False  # the runner measures while nobody says anything
    cheap: bool = False  # to start: more processes are measured, each for less
    group: str = ""  # a name for all of them in --workloads
    span: float = 1  # of the time that others are measured
    n_descriptors: int | None = None  # the server's limit
    n_surplus: int = 0  # clients beyond it, which the runner connects

    def is_busy(self) -> bool:
        """Requests are counted, and the CPU time of one."""
        return any(figure.key == "cpu_us" for figure in self.figures)

    def n_clients(self) -> int:
        load = dict(self.load)
        return load.get("busy", 0) + load.get("idle", 0)


def echoes(label: str) -> tuple[Figure, ...]:
    return (Figure("requests_per_s", f"{label}: echoes/s"),)


SLOWEST = Figure("fairness", "the same: slowest client ÷ mean", digits=2)


def wakes(label: str) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            f"wake_p{percent}_us",
            f"{label}: p{percent}, ms",
            scale=1e-3,
            lower_is_better=True,
            digits=2,
        )
        for percent in (50, 99)
    )


def cpu(label: str, in_table: bool) -> Figure:
    return Figure(
        "cpu_us",
        f"{label}: server CPU a request, us",
        lower_is_better=True,
        digits=2,
        in_table=in_table,
    )


def busy(
    name: str, label: str, quick: bool = False, cheap: bool = False, **load: int
) -> Workload:
    figures = (*echoes(label), cpu("the same", in_table=True))
    return Workload(name, tuple(load.items()), figures, quick, cheap=cheap)


def wake(name: str, label: str, quick: bool = False, **load: int) -> Workload:
    load["probes_per_s"] = 200
    return Workload(name, tuple(load.items()), wakes(label), quick)


def closed(shape: str, n: int, k: int) -> Workload:
    """N connections, K requests in flight in the order of a shape."""
    label = f"{shape}, {n:,} connections, {k} in flight"
    return Workload(
        f"{shape}_n{n}_k{k}",
        (("idle", n), ("in_flight", k), ("shape", shape)),
        (*echoes(label), cpu(label, in_table=False)),
        quick=(shape, n, k) == ("uniform", 1000, 16),
        group="spread",
        span=0.6,
    )


def open_loop(n: int) -> Workload:
    """N connections that each send once a second at random times."""
    label = f"open loop, {n:,} connections, once a second each"
    return Workload(
        f"open_n{n}",
        (("idle", n), ("shape", "open")),
        (
            cpu(label, in_table=True),
            *(
                Figure(
                    f"latency_p{percent}_us",
                    f"the same: p{percent}, ms",
                    scale=1e-3,
                    lower_is_better=True,
                    digits=2,
                )
                for percent in (50, 99)
            ),
        ),
        quick=n == 1000,
        group="spread",
        span=1.5,  # its p99 needs samples
    )


SPREAD_CLOSED = (
    *(
        closed("uniform", n, k)
        for n in (100, 1000, 5000)
        for k in (1, 16, 64, 256)
        if k < n
    ),
    closed("zipf", 1000, 16),
    closed("zipf", 1000, 64),
    closed("zipf", 5000, 64),
    closed("zipf", 5000, 256),
    closed("burst", 1000, 50),
    closed("burst", 5000, 500),
    closed("ring", 200, 8),
    closed("ring", 2000, 64),
)
SPREAD_OPEN = (open_loop(1000), open_loop(5000))
SPREAD = (*SPREAD_CLOSED, *SPREAD_OPEN)

WORKLOADS = (
    busy("a1", "1 connection", busy=1, quick=True, cheap=True),
    busy("a64", "64 busy", busy=64, quick=True, cheap=True),
    Workload(
        "a64_i1000",
        (("busy", 64), ("idle", 1000)),
        (*echoes("64 busy, 1,000 idle"), cpu("the same", in_table=True), SLOWEST),
        quick=True,
        cheap=True,
    ),
    busy("a64_i5000", "64 busy, 5,000 idle", busy=64, idle=5000),
    busy("a64_i9000", "64 busy, 9,000 idle", busy=64, idle=9000),
    busy("a64_x16", "64 busy, 16 requests in flight each", busy=64, in_flight=16),
    busy("a8_16k", "8 busy, 16 KiB a request", busy=8, size=16384, quick=True),
    busy(
        "a64_x4_16k",
        "64 busy, 4 requests of 16 KiB in flight each",
        busy=64,
        size=16384,
        in_flight=4,
    ),
    Workload(
        "churn",
        (("busy", 16), ("churn", 1)),
        (Figure("connections_per_s", "connect, ask, close, 16 at a time: conn/s"),),
        quick=True,
        cheap=True,
    ),
    Workload(
        "bulk",
        (("busy", 1), ("size", 65536), ("in_flight", 64)),
        (Figure("mib_per_s", "1 connection, bulk: MiB/s each way"),),
        quick=True,
        cheap=True,
    ),
    Workload(
        "storm",
        (("idle", 9000),),
        (
            Figure(
                "joins_per_s",
                "storm: 9,000 connects, an echo each, 512 at a time: conn/s",
            ),
        ),
        times=False,
    ),
    Workload(
        "arrivals",
        (("idle", 5000), ("joining", 16)),
        (Figure("joins_per_s", "5,000 connects, an echo each, 16 at a time: conn/s"),),
        times=False,
    ),
    wake(
        "wake",
        "wake-up of an idle one, 64 busy, 1,000 idle",
        busy=64,
        idle=1000,
        quick=True,
    ),
    wake("wake_i9000", "the same, 9,000 idle", busy=64, idle=9000),
    wake("wake_quiet", "the same, none busy, 1,000 idle", idle=1000),
    Workload(
        "hold",
        (("idle", 1000),),
        (
            Figure(
                "resident_mib",
                "memory of the host, 1,000 idle: MiB",
                lower_is_better=True,
                digits=1,
            ),
            Figure(
                "cpu_percent",
                "CPU, 1,000 idle, no traffic: % of a core",
                lower_is_better=True,
                digits=2,
            ),
        ),
        quick=True,
        times=False,
        holds=True,
    ),
    Workload(
        "starved",
        (("idle", 64),),
        (
            Figure(
                "cpu_percent",
                "CPU, out of descriptors, no traffic: % of a core",
                lower_is_better=True,
                digits=2,
            ),
        ),
        quick=True,
        times=False,
        holds=True,
        n_descriptors=160,  # the host has some of its own
        n_surplus=200,
    ),
    *SPREAD,
)
SIZE = Figure("size_kib", "size of the program: KiB", lower_is_better=True, digits=1)
