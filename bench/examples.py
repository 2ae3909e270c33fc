# SPDX-License-Identifier: MIT
"""The servers of examples/ on every host, beside the same by libuv and in Go.

examples.py [OUTPUT], from bench/run.sh --examples; needs ab and redis-benchmark,
and a build of the presets release, wasm, wasip2 and wasip3.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
FILE_BYTES = 1024

# Label, host of wasock-run or peer, folder of the programs.
PLACES = (
    ("native", "native", "release/examples"),
    ("libuv, native", "libuv", "release/tests/servers/peers/libuv"),
    ("Go, native", "go", "release/tests/servers/peers/go"),
    ("0.2, wasmtime 49", "wasmtime-49", "wasip2/examples"),
    ("0.3, wasmtime 49", "wasmtime-49", "wasip3/examples"),
    ("preview1, wasmtime 46", "wasmtime-46", "wasm/examples"),
    ("preview1, wasmtime 36", "wasmtime", "wasm/examples"),
    ("preview1, wasmi", "wasmi", "wasm/examples"),
    ("preview1, wazero", "wazero", "wasm/examples"),
)
# Label, server, requests, command with {n} and {port}.
WORKLOADS = (
    ("kv, GET", "kv", 40000, "redis-benchmark -p {port} -n {n} -c 50 -t get --csv"),
    (
        "kv, GET, 50 at a time",
        "kv",
        400000,
        "redis-benchmark -p {port} -n {n} -c 50 -P 50 -t get --csv",
    ),
    (
        "httpd, 1 KiB",
        "httpd",
        20000,
        "ab -q -k -n {n} -c 50 http://127.0.0.1:{port}/a.txt",
    ),
)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate_in(output: str) -> float:
    by_ab = re.search(r"Requests per second:\s+([\d.]+)", output)
    if by_ab:
        assert re.search(r"Failed requests:\s+0$", output, re.M), output
        return float(by_ab[1])
    return float(output.splitlines()[-1].split(",")[1].strip('"'))


def measure_here() -> None:
    """In a process of its own: running.py takes the host from the command line.
    Prints the rate and the CPU time a request, a workload a line."""
    sys.path.insert(0, str(ROOT / "tests/servers"))
    import running

    for _, server, n, command in WORKLOADS:
        with tempfile.TemporaryDirectory() as www:
            Path(www, "a.txt").write_bytes(b"x" * FILE_BYTES)
            arguments = [www] if server == "httpd" else []
            options = () if running.is_native or not arguments else ("--dir", www)
            with running.Server(server, *arguments, options=options) as started:
                started.connect().close()
                words = command.format(port=started.port, n=n).split()
                begin_s = cpu_s(started.process.pid)
                done = subprocess.run(
                    words, capture_output=True, text=True, timeout=120, check=True
                )
                used_s = cpu_s(started.process.pid) - begin_s
                print(rate_in(done.stdout), used_s / n * 1e6)


def measure(host: str, folder: str) -> list[tuple[float, float]]:
    words = [sys.executable, __file__, host, str(ROOT / "build" / folder)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def main() -> None:
    for tool in ("ab", "redis-benchmark"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed: tools/setup.sh --all-hosts does it")
    found = {place: [] for place in PLACES}
    for _ in range(ROUNDS):
        for place in PLACES:
            found[place].append(measure(*place[1:]))
    lines = [
        "# The servers of examples/",
        "",
        f"Medians of {ROUNDS} rounds: requests a second, and in brackets the server's "
        "CPU time a request in µs. redis-benchmark and ab with 50 clients, which "
        "share the machine's two cores.",
        "",
        "| | " + " | ".join(w[0] for w in WORKLOADS) + " |",
        "|---|" + "---:|" * len(WORKLOADS),
    ]
    for place, rounds in found.items():
        cells = [
            f"{statistics.median(rate for rate, _ in values):,.0f} "
            f"({statistics.median(cost for _, cost in values):.1f})"
            for values in zip(*rounds)
        ]
        lines.append(f"| {place[0]} | " + " | ".join(cells) + " |")
    print("\n".join(lines))
    output = Path(sys.argv[1]) if len(sys.argv) == 2 else ROOT / "bench/results"
    output.mkdir(parents=True, exist_ok=True)
    (output / "examples.md").write_text("\n".join(lines) + "\n")


if len(sys.argv) == 3:
    measure_here()
else:
    main()
