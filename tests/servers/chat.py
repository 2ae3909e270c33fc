# SPDX-License-Identifier: MIT
"""examples/chat.c with clients that talk, do not read, and stay silent."""
from running import LIMIT_S, Server, expect_end, read_all, run_scenarios


class Person:
    def __init__(self, server, nick, **options):
        self.socket = server.connect(**options)
        self.lines = self.socket.makefile("rb")
        self.say(f"/nick {nick}")
        self.expect(f"is now {nick}")

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def expect(self, text):
        """Read lines until one ends like this."""
        while line := self.lines.readline().decode():
            if line.rstrip("\n").endswith(text):
                return
        raise AssertionError(f"no line ends in {text}")


def talk():
    with Server("chat") as server:
        people = [Person(server, f"p{i}") for i in range(20)]
        for person in people:
            person.say("hello\r")
        for person in people:
            for _ in people:
                person.expect(": hello")
        people[0].say("/nick p1")
        people[0].expect("* this name is taken or too long")
        people[0].say("x" * 600)  # longer than a line may be
        assert expect_end(people[0].socket) is not None
        people[1].expect("* p0 has left: EMSGSIZE")
        people[1].say("/quit")
        people[1].expect("* bye")
        assert read_all(people[1].socket) == b""
        people[2].expect("* p1 has left: OK")
        server.stop()


def slow_reader():
    """Who does not read is dropped; the others get everything, in order."""
    with Server("chat") as server:
        slow = Person(server, "slow", receive_buffer=4096)
        writer = Person(server, "writer")
        reader = Person(server, "reader")
        n = 0
        is_dropped = False
        while not is_dropped:
            for _ in range(50):
                writer.say(f"{n} " + "x" * 400)
                n += 1
            while True:
                line = reader.lines.readline().decode()
                if line.startswith("* slow has left"):
                    assert line == "* slow has left: ENOBUFS\n", line
                    is_dropped = True
                elif line.startswith("writer: "):
                    if int(line.split()[1]) == n - 1:
                        break
            while writer.lines.readline().decode().split()[1] != str(n - 1):
                pass
            assert n < 100000, "a reader that does not read is kept"
        expect_end(slow.socket)
        server.stop()


def idle():
    with Server("chat", "1") as server:
        silent = Person(server, "silent")
        silent.socket.settimeout(LIMIT_S)
        expect_end(silent.socket)
        server.stop()


run_scenarios(talk, slow_reader, idle)
