# SPDX-License-Identifier: MIT
"""haproxy in one process: its own pages."""
from serving import Server, curl, tool

COMMON = """
global
    maxconn 200
    stats timeout 10s
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 5s
"""
OWN_PAGES = COMMON + """
frontend web
    bind 0.0.0.0:PORT
    http-request return status 200 content-type text/plain string hello if { path /hello }
    http-request deny deny_status 403 if { path /denied }
    http-request redirect location /hello if { path /old }
    http-request return status 200 content-type text/plain lf-string "%[src] %[path,upper] %[rand(1)]" if { path -m beg /echo }
    stats enable
    stats uri /stats
    default_backend nobody
backend nobody
"""
WITHOUT = {"epoll": [], "poll": ["-de"], "select": ["-de", "-dp"]}


def start(kind, configuration=OWN_PAGES):
    arguments = ["-db", "-V", *WITHOUT[kind], "-f", "DIR/haproxy.cfg"]
    return Server("haproxy", arguments, {"haproxy.cfg": configuration})


def status(url):
    return curl("-o", "/dev/null", "-w", "%{http_code}", url).decode()


def check(kind):
    with start(kind) as server:
        url = f"http://127.0.0.1:{server.port}"
        server.connect().close()
        assert curl(f"{url}/hello") == b"hello"
        assert status(f"{url}/denied") == "403"
        assert status(f"{url}/none") == "503"
        assert curl("-L", f"{url}/old") == b"hello"
        assert b" /ECHO/X 0" in curl(f"{url}/echo/x")
        assert b"Statistics Report" in curl(f"{url}/stats")
        assert b"nobody" in curl(f"{url}/stats;csv")
        silent = server.be_rude()
        before = server.memory_mib()
        bench = tool("ab", "-q", "-k", "-c", "20", "-n", "2000",
                     f"{url}/hello").stdout.decode()
        assert "Complete requests:      2000" in bench, bench
        assert "Failed requests:        0" in bench, bench
        assert "Non-2xx" not in bench, bench
        assert server.memory_mib() < before + 32
        assert f"Using {kind}() as the polling mechanism" in server.said()
        assert len(silent) == 20
