# SPDX-License-Identifier: MIT
"""haproxy in front of two guests, one of which ends."""
import pathlib

import haproxy
import serving
from serving import Server, curl

CONFIGURATION = haproxy.COMMON + """
frontend web
    bind 127.0.0.1:PORT
    default_backend two
    stats enable
    stats uri /stats
backend two
    balance roundrobin
    option redispatch
    server first 127.0.0.1:FIRST check inter 500ms
    server second 127.0.0.1:SECOND check inter 500ms
"""
BIG = "0123456789abcdef" * (3 << 16)


def start_server(name):
    """A guest that serves files."""
    return Server("libevent", ["-p", "PORT", "DIR/"],
                  {"who": f"{name}\n", "big": BIG},
                  programs=pathlib.Path(serving.folder).parent / "libevent")


def check(kind):
    with start_server("first") as first, start_server("second") as second:
        first.connect().close()
        second.connect().close()
        text = CONFIGURATION.replace("FIRST", str(first.port)).replace(
            "SECOND", str(second.port))
        with haproxy.start(kind, text) as server:
            url = f"http://127.0.0.1:{server.port}"
            server.connect().close()
            answers = [curl(f"{url}/who") for _ in range(10)]
            assert answers.count(b"first\n") == 5, answers
            assert answers.count(b"second\n") == 5, answers
            assert curl(f"{url}/big").decode() == BIG
            curl("--data-binary", f"@{first.path('big')}", f"{url}/dump")
            silent = server.be_rude()
            first.process.kill()
            first.process.wait()
            answers = {curl(f"{url}/who") for _ in range(10)}
            assert answers == {b"second\n"}, answers
            while b"first is DOWN" not in server.said().encode():
                assert server.process.poll() is None
            assert curl(f"{url}/who") == b"second\n"
            assert len(silent) == 20
