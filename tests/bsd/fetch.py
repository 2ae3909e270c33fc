# SPDX-License-Identifier: MIT
"""fetch.py HOST PROGRAM: be the server of fetch.c."""
import http.server
import pathlib
import subprocess
import sys
import threading

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
BODY = b"0123456789abcdef" * (3 << 16)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/big" else 404)
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


def fetch(*words):
    command = [program, *words]
    if host != "native":
        command = [sys.executable, root / "tools/wasock-run", "--runtime", host,
                   "--network", *command]
    return subprocess.run(command, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL)


if host != "native":
    hosts.path(host)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
port = str(server.server_address[1])
threading.Thread(target=server.serve_forever, daemon=True).start()
for name in ("127.0.0.1", "localhost"):
    answer = fetch(name, port, "/big")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == BODY, len(answer.stdout)
assert fetch("localhost", port, "/small").returncode == 1
server.shutdown()
server.server_close()
answer = fetch("localhost", port, "/big")
assert answer.returncode == 1, answer
assert b"refused" in answer.stderr, answer.stderr
