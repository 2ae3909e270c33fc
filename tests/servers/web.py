# SPDX-License-Identifier: MIT
"""What httpd and https have in common, with curl, ab, and requests that no
browser sends: `Site()`, whose methods are scenarios.
"""
import contextlib
import os
import pathlib
import re
import select
import ssl
import subprocess
import tempfile
import time

from running import (LIMIT_S, Server, expect_end, host, is_native, read_all,
                     tool)

CURL = tool("curl")
AB = tool("ab")
TEXT = b"0123456789"
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def exchange(client, request):
    """Send, and read meanwhile, until EOF."""
    chunks = []
    rest = memoryview(request)
    client.setblocking(False)
    while True:
        try:
            while chunk := client.recv(65536):
                chunks.append(chunk)
            return b"".join(chunks)
        except NOT_NOW:
            pass
        try:
            while rest:
                rest = rest[client.send(rest[:16384]):]
        except NOT_NOW:
            pass
        ready = select.select([client], [client] if rest else [], [], LIMIT_S)
        assert any(ready), "neither answers nor room for requests"


class Site:
    """A folder, and examples/httpd that serves it."""
    scheme = "http"
    curl_options = []
    big_bytes = 20 << 20
    n_broken_off = 1500  # more than there are clients and descriptors
    n_handshakes = 3000
    n_at_once = 50

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.public = self.path / "public"
        (self.public / "sub folder").mkdir(parents=True)
        (self.public / "digits.txt").write_bytes(TEXT)
        (self.public / "empty").touch()
        (self.public / "index.html").write_text("<p>index")
        (self.public / "sub folder" / "index.html").write_text("<p>sub")
        self.big = os.urandom(self.big_bytes)
        (self.public / "big").write_bytes(self.big)
        (self.path / "secret").write_text("secret")

    def serve(self):
        if is_native:
            return Server("httpd", str(self.public))
        # wasmi gives a folder no other name.
        name = str(self.public) if host == "wasmi" else "/"
        return Server("httpd", name,
                      options=["--dir", f"{self.public}::{name}"])

    def connect(self, server, **options):
        return server.connect(**options)

    def curl(self, server, path, *options):
        """The status, the headers by name, and the body."""
        run = subprocess.run(
            [CURL, "-sS", "-i", "--path-as-is", *self.curl_options, *options,
             f"{self.scheme}://127.0.0.1:{server.port}{path}"],
            capture_output=True, timeout=LIMIT_S)
        assert run.returncode == 0, run.stderr
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), headers, body

    def raw(self, server, request):
        """Send, and read until the server closes."""
        with self.connect(server) as client:
            client.sendall(request)
            return expect_end(client)

    def is_closed(self, client):
        """Whether the server has closed, without waiting for it."""
        client.settimeout(0.005)
        try:
            return client.recv(1) == b""
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True

    # Scenarios.

    def files(self):
        with self.serve() as server:
            server.connect().close()  # it is there
            status, headers, body = self.curl(server, "/digits.txt?x=1")
            assert (status, body) == (200, TEXT)
            assert headers["content-type"] == "text/plain; charset=utf-8"
            assert headers["content-length"] == "10"
            assert headers["last-modified"].endswith(" gmt")
            assert headers["date"].endswith(" gmt")
            assert headers["connection"] == "keep-alive"
            assert self.curl(server, "/empty")[::2] == (200, b"")
            assert self.curl(server, "/")[2] == b"<p>index"
            assert self.curl(server, "/sub%20folder/")[2] == b"<p>sub"
            status, headers, _ = self.curl(server, "/sub%20folder")
            assert (status, headers["location"]) == (301, "/sub%20folder/")
            status, headers, body = self.curl(server, "/digits.txt", "--head")
            assert (status, headers["content-length"], body) == (200, "10", b"")
            for path in ("/none", "/../secret", "/%2e%2e/secret",
                         "/sub/../digits", "/digits.txt/", "/..",
                         "/sub%20folder/../../secret"):
                assert self.curl(server, path)[0] == 404, path
            assert self.curl(server, "/a%00b")[0] == 400
            assert self.curl(server, "/a%zzb")[0] == 400
            assert self.curl(server, "/big")[2] == self.big
            assert TEXT in self.raw(
                server, b"GET http://x/digits.txt HTTP/1.1\r\nHost: x\r\n"
                b"Connection: close\r\n\r\n")
            server.stop()

    def range(self, server, path, range_, *options):
        return self.curl(server, path, "-H", f"Range: bytes={range_}", *options)

    def ranges(self):
        with self.serve() as server:
            server.connect().close()
            for range_, status, body in [
                    ("0-0", 206, b"0"), ("5-", 206, b"56789"),
                    ("-3", 206, b"789"), ("2-4", 206, b"234"),
                    ("8-99", 206, b"89"), ("-99", 206, TEXT),
                    ("10-", 416, None), ("-0", 416, None), ("4-2", 200, TEXT),
                    ("0-1,3-4", 200, TEXT), ("x", 200, TEXT), ("-", 200, TEXT)]:
                answer = self.range(server, "/digits.txt", range_)
                assert answer[0] == status, (range_, answer)
                assert body is None or answer[2] == body, (range_, answer)
            headers = self.range(server, "/digits.txt", "2-4")[1]
            assert headers["content-range"] == "bytes 2-4/10"
            headers = self.range(server, "/digits.txt", "10-")[1]
            assert headers["content-range"] == "bytes */10"
            assert self.range(server, "/digits.txt", "2-4", "-H",
                              'If-Range: "other"')[0] == 200
            assert self.range(server, "/empty", "0-")[0] == 416
            middle = self.range(server, "/big", "1000000-2499999")[2]
            assert middle == self.big[1000000:2500000]
            server.stop()

    def errors(self):
        get = b"GET / HTTP/1.1\r\nHost: x\r\n"
        with self.serve() as server:
            for request, status in [
                    (b"GET / HTTP/1.1\r\n\r\n", 400),
                    (get + b"Host: y\r\n\r\n", 400),
                    (b"nonsense\r\n\r\n", 501),
                    (b"GET / HTTP/9.1\r\nHost: x\r\n\r\n", 505),
                    (get + b" folded: x\r\n\r\n", 400),
                    (get + b"Content-Length: 3\r\nTransfer-Encoding: chunked"
                     b"\r\n\r\n0\r\n\r\n", 400),
                    (get + b"Content-Length: x\r\n\r\n", 400),
                    (get + b"X: " + b"x" * 9000, 431),
                    (b"GET /" + b"x" * 9000, 414)]:
                answer = self.raw(server, request)
                assert answer.startswith(b"HTTP/1.1 %d " % status), (
                    request[:90], answer)
                assert b"\r\nConnection: close\r\n" in answer
                assert answer.endswith(b"\n") and b"%d" % status in answer[-60:]
            headers = self.curl(server, "/", "-X", "DELETE")[1]
            assert headers["allow"] == "get, head"
            status, headers, _ = self.curl(server, "/", "-T",
                                           str(self.public / "digits.txt"))
            assert (status, headers["connection"]) == (405, "close")
            server.stop()

    def pipelining(self):
        """1,000 requests at once, HEAD among them; their answers in order."""
        request = (b"GET /digits.txt HTTP/1.1\r\nHost: x\r\n\r\n"
                   b"HEAD /digits.txt HTTP/1.1\r\nHost: x\r\n\r\n"
                   b"\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        last = b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with self.serve() as server:
            received = exchange(self.connect(server), request * 333 + last)
            assert received.endswith(self.big)
            heads = received[:-len(self.big)]
            statuses = re.findall(rb"HTTP/1.1 (\d+) ", heads)
            assert statuses == [b"200", b"200", b"404"] * 333 + [b"200"]
            assert heads.count(TEXT) == 333
            answer = self.raw(server, b"GET /digits.txt HTTP/1.0\r\n\r\n")
            assert answer.endswith(TEXT) and b"Connection: close" in answer
            kept = self.connect(server)
            for _ in range(2):
                kept.sendall(b"GET /empty HTTP/1.0\r\n"
                             b"Connection: keep-alive\r\n\r\n")
                assert b"Connection: keep-alive" in kept.recv(4096)
            server.stop()

    def expect_cut(self, server, clients, text):
        """Clients that send a byte at a time are closed, after 10 s; the others
        are served meanwhile."""
        begin = time.monotonic()
        bytes_left = iter(text)
        while clients:
            byte = bytes([next(bytes_left)])
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sendall(byte)
            clients = [each for each in clients if not self.is_closed(each)]
            assert self.curl(server, "/digits.txt")[2] == TEXT
            assert time.monotonic() - begin < 2 * LIMIT_S, len(clients)
        assert time.monotonic() - begin > 5

    def slowloris(self):
        with self.serve() as server:
            self.expect_cut(
                server, [self.connect(server) for _ in range(20)],
                b"GET / HTTP/1.1\r\nHost: x\r\nX-Header: " + b"x" * 10000)
            server.stop()

    def broken_off(self):
        """Downloads that nobody finishes leave nothing behind."""
        with self.serve() as server:
            for _ in range(self.n_broken_off):
                client = self.connect(server)
                client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
                client.recv(10)
                client.close()
            assert self.curl(server, "/digits.txt")[2] == TEXT
            server.stop()

    def many(self):
        with self.serve() as server:
            server.connect().close()
            for option, n in (("-k", 3000), ("-d", self.n_handshakes)):
                run = subprocess.run(
                    [AB, "-q", option, "-n", str(n), "-c", str(self.n_at_once),
                     f"{self.scheme}://127.0.0.1:{server.port}/digits.txt"],
                    capture_output=True, text=True, timeout=4 * LIMIT_S)
                print(re.findall(r"Requests per second.*", run.stdout))
                assert re.search(rf"Complete requests: +{n}\n",
                                 run.stdout), run
                assert re.search(r"Failed requests: +0\n", run.stdout), run
                assert "Non-2xx" not in run.stdout, run.stdout
            server.stop()

    def stop_in_a_download(self):
        """A download that was begun is finished."""
        with self.serve() as server:
            client = self.connect(server, receive_buffer=65536)
            client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            first = client.recv(1000)
            server.ask_to_stop()
            received = first + read_all(client)
            assert received.endswith(self.big)
            client.close()
            assert server.process.wait(LIMIT_S) == 0
