# SPDX-License-Identifier: MIT
"""What a server of files must do, from /www of its directory: a file, 3 MB, a
range, a listing, many clients at a time."""
import re
import socket

from serving import curl, tool

BIG = "0123456789abcdef" * (3 << 16)
FILES = {"www/a.txt": "hello\n", "www/big": BIG}
N_KEPT_ALIVE = 2000


def ask(server, request):
    """The answer to a request of one's own, without its end."""
    with server.connect() as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    return answer


def check(server):
    """Returns how many GET requests were answered."""
    url = f"http://127.0.0.1:{server.port}"
    server.connect().close()
    assert curl(f"{url}/a.txt") == b"hello\n"
    assert curl(f"{url}/big").decode() == BIG
    assert curl("-r", "5-9", f"{url}/big") == b"56789"
    assert curl("-r", "-5", f"{url}/big") == b"bcdef"
    assert b"a.txt" in curl(f"{url}/")
    answer = curl("-o", "/dev/null", "-w", "%{http_code}", f"{url}/none")
    assert answer == b"404", answer
    answer = curl("-I", f"{url}/big")
    assert re.search(rb"content-length: %d" % len(BIG), answer, re.I), answer
    # Two requests at once, and an end after them.
    request = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    assert ask(server, request * 2).count(b"\r\n\r\nhello\n") == 2
    silent = server.be_rude()
    before = server.memory_mib()
    bench = tool("ab", "-q", "-k", "-c", "20", "-n", str(N_KEPT_ALIVE),
                 f"{url}/a.txt").stdout.decode()
    assert f"Complete requests:      {N_KEPT_ALIVE}" in bench, bench
    assert "Failed requests:        0" in bench, bench
    assert "Non-2xx" not in bench, bench
    assert server.memory_mib() < before + 32
    for client in silent:
        client.close()
    return 8 + N_KEPT_ALIVE
