# SPDX-License-Identifier: MIT
"""Start a program on a host, with one listener on a port of its own.

HOST: native, one that runs preview1 (wasmtime, wasmi, wazero), or one that runs
components: wasip2-on-wasmtime-49, wasip3-on-wasmtime-49, wasip2-on-jco.
"""
import os
import pathlib
import resource
import socket
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
SKIPPED = 77


def skip(reason):
    """End the test as skipped. In CI what was not run is a failure."""
    print(f"SKIP: {reason}")
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def path(host):
    """The host's program; ends the test where it is not installed."""
    host = host.rpartition("-on-")[2]
    folder = pathlib.Path(os.environ.get("WASOCK_HOSTS_BIN",
                                         root / ".hosts/bin"))
    if not os.access(folder / host, os.X_OK):
        skip(f"{host} is not installed; tools/setup.sh --all-hosts does it")
    return str(folder / host)


def is_component(words):
    """Whether the program among the words is a component. A host knows only
    whether one fails: its exit codes are 0 and 1."""
    return any(str(word).endswith(".wasm") and
               pathlib.Path(word).read_bytes()[4:8] == b"\x0d\0\x01\0"
               for word in words)


def command(host, address, words=()):
    if host == "native":
        return []
    if host.endswith("-on-jco"):
        path(host)
        return [str(root / "tools/wasock-run"), "--runtime", "jco", "--listen",
                address]
    if is_component(words):
        return [path(host), "run", "-Sinherit-network",
                "-Sallow-ip-name-lookup", "--env", f"WASOCK_LISTEN={address}"]
    if host == "wasmi":
        return [path(host), "--tcplisten", address]
    if host == "wazero":
        return [path(host), "run", f"-listen={address}"]
    return [path(host), "run", "-Spreview2=n", f"-Stcplisten={address}"]


class Host:
    """A running host: `with Host("wazero", [program, argument]) as run`.

    descriptors: how many the host may have, or None. environment: what is
    added to it.
    """

    def __init__(self, host, words, descriptors=None, environment=None,
                 **options):
        # Bound, but not listening, it keeps the port: the host, which sets
        # SO_REUSEADDR, may bind it and nobody else.
        self.keeper = socket.socket()
        self.keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.keeper.bind(("127.0.0.1", 0))
        self.port = self.keeper.getsockname()[1]
        address = f"127.0.0.1:{self.port}"
        environment = dict(os.environ, **(environment or {}))
        environment.pop("RUST_BACKTRACE", None)
        if host == "native":
            environment["WASOCK_LISTEN"] = address

        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (descriptors, descriptors))

        self.process = subprocess.Popen(command(host, address, words) + words,
                                        env=environment, preexec_fn=limit,
                                        **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.keeper.close()
