# SPDX-License-Identifier: MIT
"""What tools/wasock-run and the examples with names and files do on a host.

check.py SCENARIO HOST PROGRAMS, the folder of the built examples
"""
import configparser
import os
import pathlib
import re
import resource
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

scenario, host, programs = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
RUNNER = [sys.executable, str(root / "tools" / "wasock-run")]
LIMIT_S = 30


def program(name):
    return str(programs / (name if host == "native" else f"{name}.wasm"))


def kind():
    """native, preview1 or component."""
    if host == "native":
        return "native"
    layer = pathlib.Path(program("tcpecho")).read_bytes()[6:8]
    return "component" if layer == b"\1\0" else "preview1"


class Running:
    """A program under wasock-run; `ports` as it said them, in order."""

    def __init__(self, *words, n_ports=0, **options):
        self.process = subprocess.Popen(
            [*RUNNER, "--runtime", host, *words], stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True, **options)
        self.ports = []
        while len(self.ports) < n_ports:
            line = self.process.stderr.readline()
            assert line, "ended before it listened"
            found = re.search(r"listening on .*:(\d+)$", line)
            self.ports += [int(found[1])] if found else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def connect(port):
    """Where the host listens itself it may not be there yet."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), LIMIT_S)
        except ConnectionRefusedError:
            continue


def read_all(client):
    chunks = []
    while chunk := client.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)


def ask(port, question):
    with connect(port) as client:
        client.sendall(question)
        return read_all(client)


def echo(port, text=b"hello"):
    with connect(port) as client:
        client.sendall(text)
        received = b""
        while len(received) < len(text):
            chunk = client.recv(65536)
            assert chunk, "the server closed early"
            received += chunk
        assert received == text


def run(*words, **options):
    return subprocess.run([*RUNNER, *words], capture_output=True, text=True,
                          timeout=LIMIT_S, stdin=subprocess.DEVNULL, **options)


def expect_refusal(text, *words, **options):
    answer = run(*words, **options)
    assert answer.returncode == 1, answer
    assert text in answer.stderr, answer.stderr


def files():
    """Files of --dir are found behind a listener (quirk 4)."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "big").write_bytes(os.urandom(300000))
        big = (pathlib.Path(folder) / "big").read_bytes()
        # Names outside: wasmi gives no other, a native program has them all.
        prefix = folder if host in ("wasmi", "native") else ""
        words = [] if host == "native" else [
            "--dir", f"{folder}::{prefix or '/'}"]
        with Running("--listen", "127.0.0.1:0", *words, program("files"),
                     n_ports=1) as server:
            for _ in range(3):
                answer = ask(server.ports[0], f"{prefix}/big\r\n".encode())
                assert answer == big
            answer = ask(server.ports[0], f"{prefix}/none\n".encode())
            assert answer == b"error: No such file or directory\n", answer
            if host != "native":
                answer = ask(server.ports[0], b"/etc/passwd\n")
                assert answer.startswith(b"error: "), answer


def names():
    """Two listeners are distinguished, and know their real ports. preview1
    reports no address, so there it is the label."""
    words = ["--listen", "status=localhost:0", "--listen", "echo=127.0.0.1:0"]
    with Running(*words, program("two_ports"), n_ports=2) as server:
        status, port = server.ports
        with connect(port) as client:
            client.sendall(b"hello")
            client.shutdown(socket.SHUT_WR)
            label = "echo=" if kind() == "preview1" else ""
            received = read_all(client)
            assert received == f"{label}127.0.0.1:{port}\nhello".encode(), received
        assert ask(status, b"") == b"1 served\n"


def unfit_directory():
    """What a host cannot give is refused before a socket is bound."""
    answer = run("--runtime", host, "--listen", "127.0.0.1:0", "--dir",
                 "/tmp::/other", program("files"))
    assert answer.returncode == 1, answer
    assert "wasock-run: --dir" in answer.stderr, answer.stderr
    assert "listening" not in answer.stderr, answer.stderr


def missing_name():
    answer = run("--runtime", host, "--listen", "echo=127.0.0.1:0",
                 program("two_ports"))
    assert answer.returncode == 1, answer
    for text in ("status", "echo", "WASOCK_LISTEN"):
        assert text in answer.stderr, answer.stderr


def few_descriptors():
    """A small ulimit -n is enough; one that is not is explained."""
    def limited(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
    with Running("--listen", "127.0.0.1:0", program("tcpecho"), n_ports=1,
                 preexec_fn=limited(40)) as running:
        echo(running.ports[0])
    if host != "native":
        return  # the host needs more to start
    expect_refusal("8 descriptors (ulimit -n) are too few", "--runtime", host,
                   *["--listen", "127.0.0.1:0"] * 3, program("tcpecho"),
                   preexec_fn=limited(8))


def inherited(listener, *words, **options):
    """A process with the listener as descriptor 3, as systemd starts it."""
    def become():
        os.dup2(listener.fileno(), 3)
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())
    return subprocess.Popen(words, preexec_fn=become, pass_fds=[3],
                            stdin=subprocess.DEVNULL, **options)


def open_listener():
    """One whose number is not 3, which is wanted for it."""
    spare = os.open("/dev/null", os.O_RDONLY)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    assert spare == 3 or listener.fileno() != 3
    return listener, listener.getsockname()[1]


def shared():
    """Three processes serve one socket; when one dies the others go on."""
    listener, port = open_listener()
    words = [*RUNNER, "--runtime", host, program("echo_many")]
    processes = [inherited(listener, *words) for _ in range(3)]
    try:
        clients = []
        served = set()
        while len(served) < len(processes):
            clients.append(connect(port))
            clients[-1].sendall(b"x")
            assert clients[-1].recv(1) == b"x"
            served = {p.pid for p in processes if n_accepted(p.pid) > 0}
            assert len(clients) < 20000, served
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        for client in clients:
            client.close()
        for _ in range(100):
            echo(port)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def handed_over():
    """Connections instead of a listener are served, each to its end."""
    pairs = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(2):
            client = socket.create_connection(listener.getsockname(), LIMIT_S)
            pairs.append((client, listener.accept()[0]))

    def become():
        copies = [os.dup2(served.fileno(), 10 + i)
                  for i, (_, served) in enumerate(pairs)]
        for i, copy in enumerate(copies):
            os.dup2(copy, 3 + i)
        os.environ["LISTEN_FDS"] = str(len(copies))
        os.environ["LISTEN_PID"] = str(os.getpid())
    process = subprocess.Popen([*RUNNER, "--runtime", host,
                                program("tcpecho")], preexec_fn=become,
                               pass_fds=[3, 4], stdin=subprocess.DEVNULL)
    try:
        if host != "native":  # quirk 5: it takes them for listeners
            assert process.wait(LIMIT_S) == 2
            return
        for client, served in pairs:
            served.close()
            client.sendall(b"handed over")
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"handed over"
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()


def cannot_inherit():
    """It is said, rather than that nothing was handed over (quirk 6)."""
    listener, _ = open_listener()
    process = inherited(listener, *RUNNER, "--runtime", host,
                        program("echo_many"), stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    who = host if host in ("wasmi", "wazero") else "a component"
    assert f"{who} cannot inherit sockets".encode() in said, said


def n_accepted(pid):
    """How many sockets a process has beyond the listener."""
    links = pathlib.Path(f"/proc/{pid}/fd").iterdir()
    sockets = 0
    for link in links:
        try:
            sockets += os.readlink(link).startswith("socket:")
        except OSError:
            pass
    return max(0, sockets - 1)


def unit(name):
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str
    parser.read(root / "examples" / "systemd" / name)
    return parser


def systemd():
    """The sample units, as systemd would start them."""
    name, template = ("echo", "") if host == "native" else ("echo-wasm", "@")
    options = unit(f"{name}.socket")["Socket"]
    assert options["NoDelay"] == "yes" and int(options["Backlog"]) >= 1024
    assert options["ListenStream"].startswith("127.0.0.1:")
    service = unit(f"{name}{template}.service")
    # Who is started by the first client is who inherits the socket.
    started = options.get("Service", f"{name}.service")
    assert re.sub("@.*[.]", "@.", started) == f"{name}{template}.service"
    inherited_from = service["Service"].get("Sockets", f"{name}.socket")
    assert inherited_from == service["Unit"]["Requires"] == f"{name}.socket"
    listener, port = open_listener()
    process = inherited(listener, *unit_command(service["Service"]))
    listener.close()
    check_service(process, port)


def unit_command(options, changed=()):
    """The command of a unit, as it is called here."""
    # The guest is not signalled before it was asked.
    assert options["KillMode"] == "mixed"
    words = shlex.split(options["ExecStart"])
    grace_s = float(words[words.index("--grace") + 1])
    assert grace_s < float(options["TimeoutStopSec"])
    installed = {f"/usr/local/lib/wasock/{pathlib.Path(name).name}": [name]
                 for name in [program("echo_server")]}
    installed["/usr/local/bin/wasock-run"] = [*RUNNER, "--runtime", host]
    installed.update(changed)
    assert installed.keys() <= set(words), words
    return [new for word in words for new in installed.get(word, [word])]


def check_service(process, port):
    """It serves, and stops by itself when systemd asks for it."""
    try:
        echo(port)
        process.terminate()
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()


def systemd_component():
    """The sample unit of a component, on another port."""
    options = unit("echo-component.service")["Service"]
    assert options["SocketBindAllow"] == "ipv4:tcp:8080"
    keeper = socket.socket()  # it does not listen: the component may bind, too
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    port = keeper.getsockname()[1]
    words = unit_command(options, {
        "echo=127.0.0.1:8080": [f"echo=127.0.0.1:{port}"]})
    check_service(subprocess.Popen(words, stdin=subprocess.DEVNULL), port)


def readme():
    """The README's first command, on another port."""
    text = (root / "README.md").read_text().replace("\\\n", "")
    words = shlex.split(re.search("^ +wasmtime run .*WASOCK_LISTEN.*$", text,
                                  re.M)[0])
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        port = keeper.getsockname()[1]
        listen = "WASOCK_LISTEN=127.0.0.1:"
        changed = {"wasmtime": hosts.path(host),
                   "build/wasip2/examples/server.wasm": program("server"),
                   f"{listen}8080": f"{listen}{port}"}
        assert changed.keys() < set(words), words
        process = subprocess.Popen([changed.get(word, word) for word in words],
                                   stdin=subprocess.DEVNULL)
        try:
            echo(port)
        finally:
            process.kill()
            process.wait()


def refused():
    """A preview1 module where there are no preview1 sockets: the way out."""
    words = ["--runtime", host, "--listen", "127.0.0.1:0", program("tcpecho")]
    for text in ("no preview1 sockets", "WASI 0.2", "wasmtime 36"):
        expect_refusal(text, *words)
    assert "listening" not in run(*words).stderr


def rights():
    """A component has the network only with --listen or --network, and names
    only with --lookup."""
    network = ["-S", "inherit-network"]
    names = ["-S", "allow-ip-name-lookup"]
    for options, wanted in (([], []), (["--network"], network),
                            (["--lookup"], network + names)):
        answer = run("-v", "--runtime", host, *options, program("tcpecho"))
        said, = re.findall("^wasock-run: (.*)$", answer.stderr, re.M)
        words = shlex.split(said)
        assert words[1:-1] == ["run", *wanted], said
    with Running("-v", "--listen", "127.0.0.1:0", "--env", "A=1",
                 program("tcpecho"), n_ports=1) as server:
        words = shlex.split(server.process.stderr.readline())
        address = f"WASOCK_LISTEN=127.0.0.1:{server.ports[0]}"
        assert words[2:] == ["run", *network, "--env", "A=1", "--env", address,
                             program("tcpecho")], words


def component_on_the_wrong_host():
    """Named, it is refused; unnamed, another is taken."""
    for wrong in ("wasmi", "wazero"):
        hosts.path(wrong)
        expect_refusal(f"{wrong} cannot run a program for WASI", "--runtime",
                       wrong, program("tcpecho"))
    with tempfile.TemporaryDirectory() as folder:
        older = pathlib.Path(folder) / "wasmtime"
        older.write_text("#!/bin/sh\n[ $1 = --version ] && "
                         "echo wasmtime 45.0.0 || exit 5\n")
        older.chmod(0o755)
        environment = {"WASOCK_HOSTS_BIN": folder, "PATH": folder}
        answer = run(program("tcpecho"), env=environment)
        if answer.returncode != 5:  # WASI 0.3
            assert answer.returncode == 1, answer
            assert "needs 46 or later" in answer.stderr, answer.stderr
        older.unlink()
        expect_refusal("a host for WASI", program("tcpecho"), env=environment)


def smoke():
    """Node, by jco. What jco wrote is removed before the program starts."""
    with tempfile.TemporaryDirectory() as folder, \
            Running("--listen", "echo=127.0.0.1:0", program("echo_many"),
                    n_ports=1, env={**os.environ, "TMPDIR": folder}) as server:
        echo_some(server.ports[0])
        assert not list(pathlib.Path(folder).glob("wasock-run-*"))
        server.process.terminate()
        assert server.process.wait(LIMIT_S) == -signal.SIGTERM
        with socket.socket() as client:
            address = ("127.0.0.1", server.ports[0])
            assert client.connect_ex(address) != 0, "somebody still listens"


def bad_calls():
    guest = program("tcpecho")
    expect_refusal("unknown runtime wasmer", "--runtime", "wasmer", guest)
    expect_refusal("unknown runtime wasmer", guest,
                   env={**os.environ, "WASOCK_RUNTIME": "wasmer"})
    expect_refusal("is wasm", "--runtime", "native", guest)
    expect_refusal("is not wasm", "--runtime", host, __file__)
    for option in ("--network", "--lookup"):
        expect_refusal("cannot open sockets", option, guest)
    expect_refusal("No such file", "--runtime", host, "/nonexistent.wasm")
    for listen in ("8080", "127.0.0.1", "127.0.0.1:99999", "x=:y",
                   "127.0.0.1:²", "a=b=127.0.0.1:0", "a,b=127.0.0.1:0"):
        expect_refusal("not [NAME=]HOST:PORT", "--runtime", host, "--listen",
                       listen, guest)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        expect_refusal("in use", "--runtime", host, "--listen",
                       f"127.0.0.1:{taken.getsockname()[1]}", guest)
    for pair in ("novalue", "=value"):
        answer = run("--env", pair, guest)
        assert answer.returncode == 2 and "not NAME=VALUE" in answer.stderr
    with tempfile.TemporaryDirectory() as folder:
        newer = pathlib.Path(folder) / "wasmtime"
        newer.write_text("#!/bin/sh\necho wasmtime 47.0.0\n")
        newer.chmod(0o755)
        environment = {**os.environ, "WASOCK_HOSTS_BIN": folder}
        environment.pop("WASOCK_RUNTIME", None)
        expect_refusal("no preview1 sockets", "--runtime", "wasmtime", guest,
                       env=environment)
        # Where nobody names it, another one that is installed is taken.
        environment["PATH"] = folder
        expect_refusal("no preview1 sockets", guest, env=environment)
        fit = pathlib.Path(folder) / "wasmi"
        fit.write_text("#!/bin/sh\nexit 5\n")
        fit.chmod(0o755)
        assert run(guest, env=environment).returncode == 5
        fit.unlink()
        newer.write_text("garbage")
        expect_refusal("Exec format error", guest, env=environment)
        expect_refusal("setup.sh --all-hosts", "--runtime", "wasmi", guest,
                       env={"WASOCK_HOSTS_BIN": folder, "PATH": folder})


def exit_code():
    """The program's own, and its words."""
    answer = run("-v", "--runtime", host, program("tcpecho"), "two words")
    assert answer.returncode == 1, answer
    assert "the host opened no such listener" in answer.stderr, answer.stderr
    way_out = {"native": "WASOCK_LISTEN=127.0.0.1:8080 ./PROGRAM",
               "preview1": "-S preview2=n -S tcplisten=127.0.0.1:8080",
               "component": "wasmtime run -S inherit-network "
                            "--env WASOCK_LISTEN=127.0.0.1:8080 PROGRAM.wasm"}
    assert way_out[kind()] in answer.stderr, answer.stderr
    *translated, said = re.findall("^wasock-run: (.*)$", answer.stderr, re.M)
    assert shlex.split(said)[-1] == "two words", said
    assert len(translated) == (host == "jco"), translated


def signals():
    """What is sent to wasock-run reaches the program, which it has become."""
    with Running("--listen", "127.0.0.1:0", program("echo_many"),
                 n_ports=1) as server:
        echo(server.ports[0])
        server.process.terminate()
        assert server.process.wait(LIMIT_S) == -signal.SIGTERM
        with socket.socket() as client:
            address = ("127.0.0.1", server.ports[0])
            assert client.connect_ex(address) != 0, "somebody still listens"


def echo_some(port, n_echoes=20):
    """Connections in a row. jco resets those that come before it is there."""
    n_done = 0
    while n_done < n_echoes:
        try:
            echo(port)
            n_done += 1
        except (ConnectionResetError, AssertionError):
            assert host == "jco" and n_done == 0


def begin(port, request):
    """A connection, and the first bytes of an answer. jco resets who comes before
    it is there."""
    while True:
        client = connect(port)
        try:
            client.sendall(request)
            if first := client.recv(1000):
                return client, first
        except ConnectionResetError:
            pass
        client.close()
        assert host == "jco", "no answer"


def stopping():
    """A signal with --grace: the program ends by itself, after an answer that
    was begun, and nobody else is let in."""
    if not pathlib.Path(program("httpd")).exists():
        hosts.skip("llhttp is missing, so no httpd; tools/setup.sh has it")
    with tempfile.TemporaryDirectory() as folder:
        big = os.urandom(16 << 20)
        (pathlib.Path(folder) / "big").write_bytes(big)
        words = [program("httpd"), folder]
        if host != "native":
            words = ["--dir", folder, *words]
        for send in (lambda p: p.terminate(),
                     lambda p: os.killpg(p.pid, signal.SIGINT)):  # Ctrl-C
            with Running("--grace", "25", "--listen", "127.0.0.1:0", *words,
                         n_ports=1, start_new_session=True) as server:
                client, first = begin(
                    server.ports[0], b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
                send(server.process)
                while True:
                    try:
                        late = socket.create_connection(
                            ("127.0.0.1", server.ports[0]), LIMIT_S)
                    except (ConnectionRefusedError, ConnectionResetError):
                        break
                    late.close()
                received = first + read_all(client)
                client.close()
                assert received.endswith(big), len(received)
                assert server.process.wait(LIMIT_S) == 0


def stopping_late():
    """One that does not stop is killed, after the time or by the next signal,
    and the exit code says so."""
    for grace, n_signals, why in (("0.2", 1, "still running after 0.2 s"),
                                  ("1000", 2, "a second signal")):
        with Running("--grace", grace, "--listen", "127.0.0.1:0",
                     program("tcpecho"), n_ports=1) as server:
            echo_some(server.ports[0], 1)
            for _ in range(n_signals):
                server.process.terminate()
                wait_until_taken(server.process.pid, signal.SIGTERM)
            assert server.process.wait(LIMIT_S) == 128 + signal.SIGKILL
            assert f"{why}: killed" in server.process.stderr.read()
        with socket.socket() as client:
            address = ("127.0.0.1", server.ports[0])
            assert client.connect_ex(address) != 0, "somebody still listens"
    for grace in ("x", "-1", "inf", "nan"):
        answer = run("--grace", grace, program("tcpecho"))
        assert answer.returncode == 2 and "--grace" in answer.stderr, answer
    answer = run("--runtime", host, "--grace", "9", program("tcpecho"))
    assert answer.returncode == 1, answer  # the program's own


def wait_until_taken(pid, number):
    """Until a signal that was sent to a process is not pending."""
    while True:
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            return
        pending = int(re.search(r"^ShdPnd:\s*(\w+)", status, re.M)[1], 16)
        if not pending >> (number - 1) & 1:
            return


def stdin_is_null():
    """A service's stdin is /dev/null: not looked at without WASOCK_STOP, and
    EOF with it."""
    with Running("--listen", "127.0.0.1:0", program("echo_server"),
                 n_ports=1) as server:
        echo_some(server.ports[0])
    answer = run("--runtime", host, "--env", "WASOCK_STOP=stdin", "--listen",
                 "127.0.0.1:0", program("echo_server"))
    assert answer.returncode == 0, answer


def descriptors():
    """wasock-run raises the limit. On wazero connections in a row, more than
    there are descriptors, are served without a pause."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096))

    with Running("--listen", "127.0.0.1:0", program("echo_many"), n_ports=1,
                 preexec_fn=limit) as server:
        clients = [connect(server.ports[0]) for _ in range(400)]
        for client in clients:
            client.sendall(b"x")
        for client in clients:
            assert client.recv(1) == b"x"
            client.close()
        for _ in range(5000 if host == "wazero" else 10):
            echo(server.ports[0])  # gives up after LIMIT_S


if not programs.is_dir():
    hosts.skip(f"{programs} is not built")
if host != "native":
    hosts.path(host)
globals()[scenario]()
