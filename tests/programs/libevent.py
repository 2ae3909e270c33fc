# SPDX-License-Identifier: MIT
"""libevent's own HTTP server."""
import subprocess

from serving import Server, curl


def check(kind):
    without = {"epoll": [], "poll": ["EVENT_NOEPOLL=1"],
               "select": ["EVENT_NOEPOLL=1", "EVENT_NOPOLL=1"]}[kind]
    big = "0123456789abcdef" * (3 << 16)
    files = {"a.txt": "hello\n", "big": big}
    with Server("libevent", ["-p", "PORT", "DIR/"], files,
                environment=[*without, "EVENT_SHOW_METHOD=1"]) as server:
        server.connect().close()
        url = f"http://127.0.0.1:{server.port}"
        at = server.guest.strip("/")
        at = f"/{at}/" if at else "/"
        assert curl(url + "/a.txt") == b"hello\n"
        assert curl(url + "/big").decode() == big
        assert b"a.txt" in curl(url + "/")
        path = server.path("big")
        curl("--data-binary", f"@{path}", url + "/dump")
        silent = server.be_rude()
        before = server.memory_mib()
        for _ in range(3):
            many = [subprocess.Popen(["curl", "-sS", "-m", "20",
                                      url + "/a.txt"],
                                     stdout=subprocess.PIPE)
                    for _ in range(20)]
            for one in many:
                assert one.communicate()[0] == b"hello\n"
        assert server.memory_mib() < before + 32
        assert f"using: {kind}" in server.said(), server.said()
        assert len(silent) == 20
