# SPDX-License-Identifier: MIT
"""What is asked of the servers, and which figures come of it."""

from dataclasses import dataclass

IDLE_CONNECTIONS = (0, 1000, 5000, 9000)


def wake_bound_us(watched: int) -> int:
    """The bound that the poller documents."""
    return max(20_000, 15 * watched)


@dataclass(frozen=True)
class Figure:
    key: str  # in the load generator's answer, or in the runner's
    label: str  # the row's head
    scale: float = 1
    lower_is_better: bool = False
    digits: int = 0  # after the point


@dataclass(frozen=True)
class Workload:
    name: str
    load: tuple[tuple[str, int], ...]  # options of the load generator
    figures: tuple[Figure, ...]
    quick: bool = False
    times: bool = True  # measures for a time, after a warm-up
    holds: bool = False  # the runner measures while nobody says anything
    cheap: bool = False  # to start: more processes are measured, each for less


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


def busy(
    name: str, label: str, quick: bool = False, cheap: bool = False, **load: int
) -> Workload:
    return Workload(name, tuple(load.items()), echoes(label), quick, cheap=cheap)


def wake(name: str, label: str, quick: bool = False, **load: int) -> Workload:
    load["probes_per_s"] = 200
    return Workload(name, tuple(load.items()), wakes(label), quick)


WORKLOADS = (
    busy("a1", "1 connection", busy=1, quick=True, cheap=True),
    busy("a64", "64 busy", busy=64, quick=True, cheap=True),
    Workload(
        "a64_i1000",
        (("busy", 64), ("idle", 1000)),
        (*echoes("64 busy, 1,000 idle"), SLOWEST),
        quick=True,
        cheap=True,
    ),
    busy("a64_i5000", "64 busy, 5,000 idle", busy=64, idle=5000),
    busy("a64_i9000", "64 busy, 9,000 idle", busy=64, idle=9000),
    busy("a64_x16", "64 busy, 16 requests in flight each", busy=64, in_flight=16),
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
)
SIZE = Figure("size_kib", "size of the program: KiB", lower_is_better=True, digits=1)
