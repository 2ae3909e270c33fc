# SPDX-License-Identifier: MIT
"""examples/https: what httpd does, by TLS, and clients that break it."""
import contextlib
import os
import ssl
import subprocess

from running import LIMIT_S, Server, expect_end, host, run_scenarios, tool
from web import TEXT, Site

OPENSSL = tool("openssl")
IS_INTERPRETER = host == "wasmi"  # a handshake takes it some 0.1 s
REQUEST = b"GET /digits.txt HTTP/1.1\r\nHost: x\r\n\r\n"


class Session:
    """A client whose records the test can cut, hold and forge."""

    def __init__(self, site, server):
        self.socket = server.connect()
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = site.context.wrap_bio(self.received, self.sent)

    def do(self, call, *arguments):
        while True:
            try:
                result = call(*arguments)
                self.socket.sendall(self.sent.read())
                return result
            except ssl.SSLWantReadError:
                self.socket.sendall(self.sent.read())
            if data := self.socket.recv(65536):
                self.received.write(data)
            else:
                self.received.write_eof()

    def handshake(self):
        self.do(self.tls.do_handshake)
        return self

    def hello(self):
        """The first message of a handshake. It is not sent."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.sent.read()

    def records(self, data):
        """Data as records that are not sent yet."""
        self.tls.write(data)
        return self.sent.read()

    def read(self):
        """b"" is the end of the session. EOF before it is an SSLEOFError."""
        return self.do(self.tls.read, 65536)


class TlsSite(Site):
    scheme = "https"
    big_bytes = 3 << 20
    # More than its 1,000 clients, where that takes a few seconds.
    n_broken_off = 1100 if host == "wasmtime" else 100
    n_handshakes = 500 if host == "wasmtime" else 100
    # Their handshakes take less than the idle time, on a busy machine too.
    n_sessions = 20 if IS_INTERPRETER else 60
    # 50 at once would take an interpreter longer than a handshake may take.
    n_at_once = 10 if IS_INTERPRETER else 50

    def __init__(self):
        super().__init__()
        self.keys = self.path / "keys"
        self.keys.mkdir()
        self.make_certificate("ec", "ec", "-pkeyopt",
                              "ec_paramgen_curve:P-256")
        self.make_certificate("rsa", "rsa:2048")
        self.context = ssl.create_default_context(cafile=self.keys / "ec.pem")
        self.context.load_verify_locations(self.keys / "rsa.pem")
        self.curl_options = ["--cacert", str(self.keys / "ec.pem")]

    def make_certificate(self, name, algorithm, *options):
        subprocess.run(
            [OPENSSL, "req", "-x509", "-newkey", algorithm, *options, "-nodes",
             "-keyout", self.keys / f"{name}.key", "-out",
             self.keys / f"{name}.pem", "-days", "2", "-subj", "/CN=test",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True)

    def serve(self, certificate="ec.pem", key="ec.key"):
        options, names = [], []
        for folder in (self.keys, self.public):
            if host in ("native", "wasmi"):
                names.append(str(folder))
            else:
                names.append(f"/{folder.name}")
            if host != "native":
                options += ["--dir", f"{folder}::{names[-1]}"]
        return Server("https", f"{names[0]}/{certificate}",
                      f"{names[0]}/{key}", names[1], options=options)

    def connect(self, server, context=None, **options):
        """EOF without the end of the session is an error."""
        return (context or self.context).wrap_socket(
            server.connect(**options), suppress_ragged_eofs=False,
            server_hostname="127.0.0.1")

    # Scenarios.

    def certificates(self):
        """curl and Python verify them. Both kinds of keys, each cipher; what
        has no forward secrecy is refused."""
        ciphers = ["AES128-GCM-SHA256", "AES256-GCM-SHA384",
                   "CHACHA20-POLY1305"]
        for name, kind in (("ec", "ECDSA"), ("rsa", "RSA")):
            with self.serve(f"{name}.pem", f"{name}.key") as server:
                for cipher in ciphers:
                    context = ssl.create_default_context(
                        cafile=self.keys / f"{name}.pem")
                    context.set_ciphers(f"ECDHE-{kind}-{cipher}")
                    with self.connect(server, context) as client:
                        client.sendall(REQUEST)
                        assert client.recv(4096).endswith(TEXT)
                        assert client.version() == "TLSv1.2"
                for cipher in ("AES128-GCM-SHA256", "AES128-SHA",
                               f"ECDHE-{kind}-AES128-SHA"):
                    context.set_ciphers(cipher)
                    try:
                        self.connect(server, context)
                        raise AssertionError(f"{cipher} is accepted")
                    except ssl.SSLError as error:
                        assert error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE"
                server.stop()
        with self.serve() as server:
            server.connect().close()  # it is there
            run = subprocess.run(
                ["curl", "-sS", f"https://127.0.0.1:{server.port}/"],
                capture_output=True, timeout=LIMIT_S)
            assert run.returncode == 60, run  # nobody vouches for it
            assert self.curl(server, "/digits.txt")[2] == TEXT
            server.stop()

    def wrong_files(self):
        (self.keys / "empty").touch()
        for certificate, key, reason in (
                ("none", "ec.key", "none: cannot be read; is a --dir missing"),
                ("ec.pem", "none", "none: cannot be read; is a --dir missing"),
                ("empty", "ec.key", "empty: has no certificate in PEM"),
                ("ec.pem", "empty", "empty: has no private key in PEM"),
                ("ec.pem", "rsa.key", "is not the key of the certificate")):
            with self.serve(certificate, key) as server:
                text = server.process.stderr.read().decode()
                assert server.process.wait(LIMIT_S) == 1, text
                assert reason in text, text

    def handshakes(self):
        """Clients that stop in a handshake, or send it slowly, are cut."""
        with self.serve() as server:
            hello = Session(self, server).hello()
            clients = [server.connect() for _ in range(30)]
            for client in clients[10:20]:
                client.sendall(hello[:100])
            for client in clients[20:]:
                client.sendall(hello)
            slow = [server.connect() for _ in range(10)]
            self.expect_cut(server, slow, hello)
            for client in clients:
                expect_end(client)
            server.stop()

    def nonsense(self):
        """Plain HTTP, random bytes, a forged record."""
        with self.serve() as server:
            for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                         b"\x16\x03\x01\xff\xff" + bytes(20000),
                         os.urandom(1000)):
                client = server.connect()
                with contextlib.suppress(ConnectionError):
                    client.sendall(data)
                assert TEXT not in expect_end(client)
            session = Session(self, server).handshake()
            forged = bytearray(session.records(REQUEST))
            forged[-1] ^= 1
            session.socket.sendall(forged)
            try:
                session.read()
                raise AssertionError("a forged record is accepted")
            except (ssl.SSLError, ConnectionError):
                pass
            assert self.curl(server, "/digits.txt")[2] == TEXT
            server.stop()

    def ends(self):
        """The end of a session is answered; EOF without one is not, and the
        request before it may be cut: it is not answered either."""
        with self.serve() as server:
            session = Session(self, server).handshake()
            session.do(session.tls.unwrap)  # waits for the server's end
            assert session.socket.recv(1) == b""
            session = Session(self, server).handshake()
            session.socket.sendall(session.records(
                REQUEST.replace(b"Host", b"Connection: close\r\nHost")))
            assert session.read().endswith(TEXT)
            assert session.read() == b""  # the server ends it first
            for n_cut in (1, 30):  # in a request, in a record
                session = Session(self, server).handshake()
                data = session.records(REQUEST[:-n_cut])
                session.socket.sendall(data if n_cut == 1 else data[:-5])
                session.socket.shutdown(1)
                try:
                    received = session.read()
                    raise AssertionError(f"after EOF: {received}")
                except (ssl.SSLEOFError, ConnectionError):
                    pass
            assert self.curl(server, "/digits.txt")[2] == TEXT
            server.stop()

    def cut_download(self):
        """A file that becomes shorter: the client can tell."""
        shorter = self.public / "shorter"
        shorter.write_bytes(bytes(64 << 20))
        with self.serve() as server:
            client = self.connect(server, receive_buffer=65536)
            client.sendall(b"GET /shorter HTTP/1.0\r\n\r\n")
            n_received = len(client.recv(1000))
            os.truncate(shorter, 0)
            try:
                while data := client.recv(65536):
                    n_received += len(data)
                raise AssertionError(f"an end after {n_received} bytes")
            except (ssl.SSLEOFError, ConnectionError):
                pass
            server.stop()
        shorter.unlink()

    def sessions(self):
        """Many at a time, each with several requests, one byte a record."""
        with self.serve() as server:
            clients = [self.connect(server)
                       for _ in range(self.n_sessions)]
            for _ in range(3):
                for client in clients:
                    client.sendall(REQUEST)
                for client in clients:
                    assert client.recv(4096).endswith(TEXT)
            session = Session(self, server).handshake()
            session.socket.sendall(b"".join(
                session.records(REQUEST[i:i + 1])
                for i in range(len(REQUEST))))
            assert session.read().endswith(TEXT)
            server.stop()


site = TlsSite()
run_scenarios(site.certificates, site.wrong_files, site.files, site.ranges,
              site.errors, site.pipelining, site.sessions, site.many,
              site.slowloris, site.handshakes, site.nonsense, site.ends,
              site.cut_download, site.broken_off, site.stop_in_a_download)
site.folder.cleanup()
