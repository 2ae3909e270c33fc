# SPDX-License-Identifier: MIT
"""An IRC server."""
from serving import Server


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
            assert line, f"{self.nick} was closed, waiting for {text}"
            if line.startswith("PING"):
                self.say(line.strip().replace("PING", "PONG", 1))
            if text in line:
                return


def check(kind):
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
