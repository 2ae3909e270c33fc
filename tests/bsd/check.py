# SPDX-License-Identifier: MIT
"""Known C servers in the sandbox, and their clients.

check.py PROGRAM KIND HOST FOLDER, where build.py put it; the kind is how the
program waits: poll, epoll or select.
"""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

name, kind, host, folder = sys.argv[1:5]
LIMIT_S = 30
hosts.path(host)
if not any(pathlib.Path(folder).glob("*.wasm")):
    print("SKIP: it was not built, see bsd_build_" + name)
    sys.exit(77)


def keep_port():
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    return keeper


class Server:
    """A program under wasock-run, with its port and a directory. keeper: a
    socket that is bound to the port already."""

    def __init__(self, program, arguments, files=None, n_ports=1,
                 environment=(), keeper=None):
        self.folder = tempfile.TemporaryDirectory()
        self.guest = self.folder.name if host == "wasmi" else "/"
        self.ports = []
        self.keepers = []
        for _ in range(n_ports):  # so that the arguments can name them
            self.keepers.append(keeper or keep_port())
            keeper = self.keepers[-1]
            self.ports.append(keeper.getsockname()[1])
        self.port = self.ports[0]
        for path, content in (files or {}).items():
            text = content.replace("PORT", str(self.port))
            pathlib.Path(self.folder.name, path).write_text(text)
        words = [sys.executable, str(root / "tools/wasock-run"), "--runtime",
                 host, "--dir", f"{self.folder.name}::{self.guest}"]
        for port in self.ports:
            words += ["--listen", f"127.0.0.1:{port}"]
        for pair in environment:
            words += ["--env", pair]
        at = self.guest.rstrip("/")
        words += [f"{folder}/{program}.wasm"]
        words += [a.replace("PORT", str(self.port)).replace("DIR", at)
                  for a in arguments]
        self.output = tempfile.TemporaryFile("w+")
        # wasock-run listens on them itself, as SO_REUSEADDR lets it.
        self.process = subprocess.Popen(words, stderr=self.output,
                                        stdout=self.output,
                                        stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, kind_of, *_):
        self.process.kill()
        self.process.wait()
        if kind_of is not None:
            print(self.said()[-4000:])

    def said(self):
        self.output.seek(0)
        return self.output.read()

    def connect(self, port=None):
        while self.process.poll() is None:
            try:
                return socket.create_connection(
                    ("127.0.0.1", port or self.port), LIMIT_S)
            except ConnectionRefusedError:
                continue
        raise AssertionError("the server has ended")

    def be_rude(self):
        """Clients that reset, say half of something, or nothing at all."""
        silent = [self.connect() for _ in range(20)]
        for i in range(20):
            rude = self.connect()
            rude.send(b"GET / HT"[:i % 8] or b"\0")
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
            rude.close()
        return silent

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def receive(client, n):
    received = b""
    while len(received) < n:
        chunk = client.recv(n - len(received))
        assert chunk, f"ended after {received!r}"
        received += chunk
    return received


def tool(*words, **options):
    if shutil.which(words[0]) is None:
        print(f"SKIP: {words[0]} is not installed; tools/setup.sh "
              "--all-hosts does it")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    return subprocess.run(words, capture_output=True, timeout=LIMIT_S,
                          **options)


def curl(*words):
    answer = tool("curl", "-sS", "-m", "20", *words)
    assert answer.returncode == 0, answer
    return answer.stdout


def libev():
    backends = {"select": "1", "poll": "2", "epoll": "4"}
    with Server("libev", ["PORT", backends[kind]]) as server:
        silent = server.be_rude()
        clients = [server.connect() for _ in range(30)]
        for turn in range(5):
            for i, client in enumerate(clients):
                client.sendall(b"%d %d" % (turn, i))
            for i, client in enumerate(clients):
                wanted = b"%d %d" % (turn, i)
                assert receive(client, len(wanted)) == wanted
        while f"10 ticks on back end {backends[kind]}" not in server.said():
            assert server.process.poll() is None
            clients[0].sendall(b"x")
            receive(clients[0], 1)
        assert len(silent) == 20


def libevent():
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
        path = pathlib.Path(server.folder.name, "big")
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


def mosquitto():
    configuration = ("listener PORT\nallow_anonymous true\npersistence false\n"
                     "log_dest stderr\n")
    files = {"mosquitto.conf": configuration}
    with Server(f"mosquitto-{kind}", ["-c", "DIR/mosquitto.conf"],
                files) as server:
        server.connect().close()
        where = ["-h", "127.0.0.1", "-p", str(server.port)]
        for version in ("311", "5"):
            for qos in "012":
                topic = f"t/{version}/{qos}"
                wanted = [f"{i}" for i in range(20)]
                listening = subprocess.Popen(
                    ["stdbuf", "-oL", "mosquitto_sub", *where, "-V", version, "-q", qos, "-t",
                     topic, "-C", "21", "-W", "20", "-d"],
                    stdout=subprocess.PIPE, text=True)
                line = ""
                while "Subscribed" not in line:
                    line = listening.stdout.readline()
                    assert line, "mosquitto_sub has ended"
                words = ["mosquitto_pub", *where, "-V", version, "-q", qos,
                         "-t", topic]
                sent = tool(*words, "-l", input="\n".join(wanted).encode())
                assert sent.returncode == 0, sent
                assert tool(*words, "-m", "end").returncode == 0
                text, _ = listening.communicate(timeout=LIMIT_S)
                got = [part for part in text.splitlines()
                       if part.isdigit() or part == "end"]
                assert got == [*wanted, "end"], text
        kept = ["-t", "kept", "-V", "5"]
        assert tool("mosquitto_pub", *where, *kept, "-r", "-m",
                    "still here").returncode == 0
        answer = tool("mosquitto_sub", *where, *kept, "-C", "1", "-W", "10")
        assert answer.stdout == b"still here\n", answer
        silent = server.be_rude()
        assert tool("mosquitto_pub", *where, "-t", "x", "-m",
                    "y").returncode == 0
        assert len(silent) == 20


def start_listening(port, topic):
    """mosquitto_sub for one message, once it has subscribed."""
    words = ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p",
             str(port), "-q", "1", "-t", topic, "-C", "1", "-W", "20", "-d"]
    listening = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    line = ""
    while "Subscribed" not in line:
        line = listening.stdout.readline()
        assert line, "mosquitto_sub has ended"
    return listening


def bridge():
    """A broker that connects to another, which comes later; and messages in
    both directions."""
    common = "listener PORT\nallow_anonymous true\nlog_dest stderr\n"
    keeper = keep_port()
    far_port = keeper.getsockname()[1]
    near = {"mosquitto.conf": common +
            f"connection far\naddress localhost:{far_port}\n"
            "restart_timeout 1\ncleansession false\nnotifications false\n"
            "topic up/# out 1\ntopic down/# in 1\n"}
    arguments = ["-c", "DIR/mosquitto.conf"]
    program = f"mosquitto-{kind}"
    with Server(program, arguments, near) as edge:
        edge.connect().close()
        while "far disconnected" not in edge.said():  # refused
            assert edge.process.poll() is None
        with Server(program, arguments, {"mosquitto.conf": common},
                    keeper=keeper) as center:
            center.connect().close()
            assert tool("mosquitto_pub", "-h", "127.0.0.1", "-p", str(far_port),
                        "-r", "-q", "1", "-t", "down/a",
                        "-m", "from the center").returncode == 0
            listening = start_listening(far_port, "up/#")
            assert tool("mosquitto_pub", "-h", "127.0.0.1", "-p",
                        str(edge.port), "-q", "1", "-t", "up/a",
                        "-m", "from the edge").returncode == 0
            text, _ = listening.communicate(timeout=LIMIT_S)
            assert "from the edge" in text.splitlines(), text
            listening = start_listening(edge.port, "down/#")
            assert tool("mosquitto_pub", "-h", "127.0.0.1", "-p", str(far_port),
                        "-q", "1", "-t", "down/b",
                        "-m", "from the center").returncode == 0
            text, _ = listening.communicate(timeout=LIMIT_S)
            assert "from the center" in text.splitlines(), text
            assert "connected from 127.0.0.1" in center.said(), center.said()


class Irc:
    def __init__(self, server, nick):
        self.nick = nick
        self.socket = server.connect()
        self.lines = self.socket.makefile("r", newline="\r\n")
        self.say(f"NICK {nick}")
        self.say(f"USER {nick} 0 * :{nick}")
        self.wait_for(" 001 ")

    def say(self, line):
        self.socket.sendall(f"{line}\r\n".encode())

    def wait_for(self, text):
        while True:
            line = self.lines.readline()
            assert line, f"{self.nick} was let go, waiting for {text}"
            if line.startswith("PING"):
                self.say(line.strip().replace("PING", "PONG", 1))
            if text in line:
                return


def ngircd():
    configuration = (
        "[Global]\nName = irc.example.net\nInfo = x\nPorts = PORT\n"
        "Listen = 0.0.0.0\nServerUID = 1000\n[Limits]\nMaxPenaltyTime = 0\n"
        "MaxConnectionsIP = 0\n"
        "[Options]\nDNS = no\nPAM = no\n")
    with Server(f"ngircd-{kind}", ["-n", "-f", "DIR/ngircd.conf"],
                {"ngircd.conf": configuration}) as server:
        silent = server.be_rude()
        for client in silent:
            client.close()
        first, second = Irc(server, "first"), Irc(server, "second")
        first.say("JOIN #room")
        first.wait_for(" 366 ")
        second.say("JOIN #room")
        second.wait_for(" 366 ")
        first.wait_for("JOIN")
        for i in range(20):
            first.say(f"PRIVMSG #room :line {i}")
            second.wait_for(f"PRIVMSG #room :line {i}")
        first.say("QUIT :bye")
        second.wait_for("QUIT")


globals()[name]()
