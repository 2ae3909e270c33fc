# SPDX-License-Identifier: MIT
"""examples/httpd with curl, ab, and requests that no browser sends."""
from running import host, programs, run_scenarios
from web import TEXT, Site

site = Site()


def go_files():
    """Go's own answers to errors and odd ranges are not compared."""
    with site.serve() as server:
        server.connect().close()  # it is there
        status, headers, body = site.curl(server, "/digits.txt", "--head")
        assert (status, headers["content-length"], body) == (200, "10", b"")
        assert site.range(server, "/digits.txt", "2-4")[::2] == (206, b"234")
        assert site.curl(server, "/")[2] == b"<p>index"
        for path in ("/none", "/../secret"):
            assert site.curl(server, path)[0] in (400, 404), path
        assert site.curl(server, "/big")[2] == site.big
        assert TEXT in site.curl(server, "/digits.txt")[2]
        server.stop()


def many_downloads():
    """A file that cannot be opened for want of descriptors is not missing."""
    with site.serve() as server:
        clients = [server.connect(receive_buffer=4096) for _ in range(200)]
        lines = []
        for client in clients:
            client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            lines.append(client.recv(15).split()[1])
        # Components may have 125 files open at a time.
        n_least = 120 if "wasip" in str(programs) else 200
        assert lines.count(b"200") >= n_least, lines
        assert set(lines) <= {b"200", b"503"}, lines
        for client in clients:
            client.close()
        server.stop()


if host == "go":
    run_scenarios(go_files, site.slowloris, site.broken_off, site.many,
                  site.stop_in_a_download)
else:
    run_scenarios(site.files, site.ranges, site.errors, site.pipelining,
                  site.slowloris, site.broken_off, many_downloads, site.many,
                  site.stop_in_a_download)
site.folder.cleanup()
