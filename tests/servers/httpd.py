# SPDX-License-Identifier: MIT
"""examples/httpd with curl, ab, and requests that no browser sends."""
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

from running import (LIMIT_S, Server, expect_end, host, read_all,
                     run_scenarios, tool)

CURL = tool("curl")
AB = tool("ab")
BIG_BYTES = 20 << 20
TEXT = b"0123456789"

folder = tempfile.TemporaryDirectory()
public = pathlib.Path(folder.name) / "public"
(public / "sub folder").mkdir(parents=True)
(public / "digits.txt").write_bytes(TEXT)
(public / "empty").touch()
(public / "index.html").write_text("<p>index")
(public / "sub folder" / "index.html").write_text("<p>sub")
(public / "big").write_bytes(os.urandom(BIG_BYTES))
(pathlib.Path(folder.name) / "secret").write_text("secret")


def serve():
    if host == "native":
        return Server("httpd", str(public))
    # wasmi gives a folder no other name.
    name = str(public) if host == "wasmi" else "/"
    return Server("httpd", name, options=["--dir", f"{public}::{name}"])


def curl(server, path, *options):
    """The status, the headers by name, and the body."""
    run = subprocess.run(
        [CURL, "-sS", "-i", "--path-as-is", *options,
         f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True, timeout=LIMIT_S)
    assert run.returncode == 0, run.stderr
    head, _, body = run.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def raw(server, request):
    """Send, and read until the server closes."""
    with server.connect() as client:
        client.sendall(request)
        return expect_end(client)


def files():
    with serve() as server:
        server.connect().close()  # it is there
        status, headers, body = curl(server, "/digits.txt?x=1")
        assert (status, body) == (200, TEXT)
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert headers["content-length"] == "10"
        assert headers["last-modified"].endswith(" gmt")
        assert headers["date"].endswith(" gmt")
        assert headers["connection"] == "keep-alive"
        assert curl(server, "/empty")[::2] == (200, b"")
        assert curl(server, "/")[2] == b"<p>index"
        assert curl(server, "/sub%20folder/")[2] == b"<p>sub"
        status, headers, _ = curl(server, "/sub%20folder")
        assert (status, headers["location"]) == (301, "/sub%20folder/")
        status, headers, body = curl(server, "/digits.txt", "--head")
        assert (status, headers["content-length"], body) == (200, "10", b"")
        for path in ("/none", "/../secret", "/%2e%2e/secret", "/sub/../digits",
                     "/digits.txt/", "/..", "/sub%20folder/../../secret"):
            assert curl(server, path)[0] == 404, path
        assert curl(server, "/a%00b")[0] == 400
        assert curl(server, "/a%zzb")[0] == 400
        assert curl(server, "/big")[2] == (public / "big").read_bytes()
        assert b"0123456789" in raw(
            server, b"GET http://x/digits.txt HTTP/1.1\r\nHost: x\r\n"
            b"Connection: close\r\n\r\n")
        server.stop()


def ranges():
    with serve() as server:
        server.connect().close()
        for range_, status, body in [
                ("0-0", 206, b"0"), ("5-", 206, b"56789"),
                ("-3", 206, b"789"), ("2-4", 206, b"234"),
                ("8-99", 206, b"89"), ("-99", 206, TEXT),
                ("10-", 416, None), ("-0", 416, None), ("4-2", 200, TEXT),
                ("0-1,3-4", 200, TEXT), ("x", 200, TEXT), ("-", 200, TEXT)]:
            answer = curl(server, "/digits.txt", "-H",
                          f"Range: bytes={range_}")
            assert answer[0] == status, (range_, answer)
            assert body is None or answer[2] == body, (range_, answer)
        headers = curl(server, "/digits.txt", "-H", "Range: bytes=2-4")[1]
        assert headers["content-range"] == "bytes 2-4/10"
        headers = curl(server, "/digits.txt", "-H", "Range: bytes=10-")[1]
        assert headers["content-range"] == "bytes */10"
        assert curl(server, "/digits.txt", "-H", "Range: bytes=2-4", "-H",
                    'If-Range: "other"')[0] == 200
        assert curl(server, "/empty", "-H", "Range: bytes=0-")[0] == 416
        middle = curl(server, "/big", "-H", "Range: bytes=1000000-9999999")[2]
        assert middle == (public / "big").read_bytes()[1000000:10000000]
        server.stop()


def errors():
    get = b"GET / HTTP/1.1\r\nHost: x\r\n"
    with serve() as server:
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
            answer = raw(server, request)
            assert answer.startswith(b"HTTP/1.1 %d " % status), (request[:90],
                                                                answer)
            assert b"\r\nConnection: close\r\n" in answer
            assert answer.endswith(b"\n") and b"%d" % status in answer[-60:]
        assert curl(server, "/", "-X", "DELETE")[1]["allow"] == "get, head"
        status, headers, _ = curl(server, "/", "-T",
                                  str(public / "digits.txt"))
        assert (status, headers["connection"]) == (405, "close")
        server.stop()


def pipelining():
    """1,000 requests at once, HEAD among them; their answers in order."""
    request = (b"GET /digits.txt HTTP/1.1\r\nHost: x\r\n\r\n"
               b"HEAD /digits.txt HTTP/1.1\r\nHost: x\r\n\r\n"
               b"\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n")
    last = b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serve() as server:
        client = server.connect()

        def send():
            client.sendall(request * 333 + last)
            client.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        received = read_all(client)
        sender.join()
        big = (public / "big").read_bytes()
        assert received.endswith(big)
        heads = received[:-len(big)]
        statuses = re.findall(rb"HTTP/1.1 (\d+) ", heads)
        assert statuses == [b"200", b"200", b"404"] * 333 + [b"200"]
        assert heads.count(TEXT) == 333
        answer = raw(server, b"GET /digits.txt HTTP/1.0\r\n\r\n")
        assert answer.endswith(TEXT) and b"Connection: close" in answer
        kept = server.connect()
        for _ in range(2):
            kept.sendall(b"GET /empty HTTP/1.0\r\n"
                         b"Connection: keep-alive\r\n\r\n")
            assert b"Connection: keep-alive" in kept.recv(4096)
        server.stop()


def slowloris():
    """Who sends a request slowly is cut; the others are served."""
    with serve() as server:
        slow = [server.connect() for _ in range(20)]
        begin = time.monotonic()
        n_open = len(slow)
        text = iter(b"GET / HTTP/1.1\r\nHost: x\r\nX-Header: " + b"x" * 10000)
        while n_open > 0:
            byte = bytes([next(text)])
            for client in slow:
                with contextlib.suppress(OSError):
                    client.sendall(byte)
                    client.settimeout(0.005)
                    n_open -= client.recv(1) == b""
            assert curl(server, "/digits.txt")[2] == TEXT
            assert time.monotonic() - begin < 2 * LIMIT_S, n_open
        assert time.monotonic() - begin > 5
        server.stop()


def broken_off():
    """Downloads that nobody finishes leave nothing behind."""
    with serve() as server:
        for _ in range(1500):  # more than there are clients and descriptors
            client = server.connect()
            client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(10)
            client.close()
        assert curl(server, "/digits.txt")[2] == TEXT
        server.stop()


def many():
    with serve() as server:
        server.connect().close()
        for options in ("-k", "-d"):
            run = subprocess.run(
                [AB, "-q", options, "-n", "3000", "-c", "50",
                 f"http://127.0.0.1:{server.port}/digits.txt"],
                capture_output=True, text=True, timeout=4 * LIMIT_S)
            print(re.findall(r"Requests per second.*", run.stdout))
            assert "Complete requests:      3000" in run.stdout, run
            assert "Failed requests:        0" in run.stdout, run.stdout
            assert "Non-2xx" not in run.stdout, run.stdout
        server.stop()


def stop_in_a_download():
    """A download that was begun is finished."""
    with serve() as server:
        client = server.connect(receive_buffer=65536)
        client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        first = client.recv(1000)
        server.process.stdin.close()
        received = first + read_all(client)
        assert received.endswith((public / "big").read_bytes())
        client.close()
        assert server.process.wait(LIMIT_S) == 0


run_scenarios(files, ranges, errors, pipelining, slowloris, broken_off, many,
              stop_in_a_download)
folder.cleanup()
