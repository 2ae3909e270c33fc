# SPDX-License-Identifier: MIT
"""curl as a client of a server outside."""
import contextlib
import http.server
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import serving

BIG = b"0123456789abcdef" * (3 << 16)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET with what PAGES has, and POST with what was posted."""
    protocol_version = "HTTP/1.1"
    PAGES = {"/a.txt": b"hello\n", "/big": BIG}

    def setup(self):
        super().setup()
        self.server.n_connections += 1

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in self.PAGES:
            self.answer(self.PAGES[self.path])
            return
        self.close_connection = True
        if self.path == "/cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        elif self.path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            # Closes at once, without what the base class does before.
            socket.socket(fileno=self.connection.detach()).close()

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web(address="127.0.0.1"):
    """An HTTP server. n_connections: how many it has accepted."""
    server = http.server.ThreadingHTTPServer((address, 0), Handler)
    server.n_connections = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, f"http://{address}:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def curl(*words, directory="", **options):
    command = [f"{serving.folder}/curl", "-sS", *words]
    if serving.host != "native":
        command[0] += ".wasm"
        command = [sys.executable, str(serving.root / "tools/wasock-run"),
                   "--runtime", serving.host, "--network", "--lookup",
                   "--dir", f"{directory or '.'}::/", *command]
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, capture_output=True,
                          timeout=serving.LIMIT_S, **options)


def fetch(*words, **options):
    answer = curl(*words, **options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def fail(number, *words):
    """It ends with an error. A component's exit status is 0 or 1, so the
    number is what it prints."""
    answer = curl(*words)
    assert answer.returncode != 0, answer.stdout
    assert f"curl: ({number})".encode() in answer.stderr, answer.stderr


def check_answers(url, server):
    assert fetch(f"{url}/a.txt") == b"hello\n"
    assert fetch(f"{url}/big") == BIG
    before = server.n_connections
    assert fetch(f"{url}/a.txt", f"{url}/big") == b"hello\n" + BIG
    assert server.n_connections == before + 1  # kept alive
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        guest = "" if serving.host != "native" else directory
        (path / "in").write_bytes(BIG)
        fetch("--data-binary", f"@{guest}/in", "-o", f"{guest}/out",
              f"{url}/post", directory=directory)
        assert (path / "out").read_bytes() == BIG
        with (path / "in").open() as source:
            assert fetch("--data-binary", "@-", f"{url}/post",
                         stdin=source) == BIG
        # Two at a time.
        fetch("-Z", f"{url}/big", "-o", f"{guest}/1", f"{url}/big", "-o",
              f"{guest}/2", directory=directory)
        for name in "1", "2":
            assert (path / name).read_bytes() == BIG


def check_names():
    """curl itself knows "localhost"; the host looks up that of the machine, if
    it has one."""
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        return
    with web(address) as (server, _):
        port = server.server_address[1]
        assert fetch(f"http://{name}:{port}/a.txt") == b"hello\n"


def check_failures(url):
    fail(18, f"{url}/cut")
    fail(56, f"{url}/reset")
    with serving.keep_port() as keeper:
        silent = f"http://127.0.0.1:{keeper.getsockname()[1]}/"
        fail(7, silent)  # refused
        keeper.listen()
        fail(28, "-m", "1", silent)  # connected, never answered


def check(_):
    with web() as (server, url):
        check_answers(url, server)
        port = server.server_address[1]
        assert fetch(f"http://localhost:{port}/a.txt") == b"hello\n"
        check_failures(url)
    check_names()
