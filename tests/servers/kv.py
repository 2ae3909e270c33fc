# SPDX-License-Identifier: MIT
"""examples/kv with redis-cli, redis-benchmark, and requests in pieces."""
import re
import subprocess
import time

from running import LIMIT_S, Server, expect_end, run_scenarios, tool

CLI = tool("redis-cli")
BENCHMARK = tool("redis-benchmark")


def ask(server, *words):
    answer = subprocess.run([CLI, "-p", str(server.port), *words],
                            capture_output=True, text=True, timeout=LIMIT_S)
    return answer.stdout.strip()


def commands():
    with Server("kv") as server:
        server.connect().close()  # it is there
        for words, expected in [
                ("ping", "PONG"), ("ping hi", "hi"), ("echo hello", "hello"),
                ("get a", ""), ("set a 1", "OK"), ("get a", "1"),
                ("incr a", "2"), ("incr b", "1"), ("mget a none b", "2\n\n1"),
                ("set a x nx", ""), ("set a x xx", "OK"), ("get a", "x"),
                ("incr a", "ERR value is not an integer or out of range"),
                ("set n 9223372036854775807", "OK"),
                ("incr n", "ERR value is not an integer or out of range"),
                ("expire a 100", "1"), ("ttl a", "100"), ("ttl b", "-1"),
                ("expire none 1", "0"), ("ttl none", "-2"),
                ("expire a 0", "1"), ("get a", ""), ("del a b n none", "2"),
                ("nonsense", "ERR unknown command 'nonsense'"),
                ("get", "ERR wrong number of arguments for 'get'"),
                ("set a b ex", "ERR syntax error")]:
            answer = ask(server, *words.split())
            assert answer == expected, (words, answer)
        assert "db0:keys=0" in ask(server, "info")
        ask(server, "set", "short", "lived", "px", "50")
        deadline = time.monotonic() + LIMIT_S
        while ask(server, "get", "short") and time.monotonic() < deadline:
            pass
        assert ask(server, "get", "short") == ""
        big = "x" * 60000
        assert ask(server, "set", "big", big) == "OK"
        assert ask(server, "get", "big") == big
        assert ask(server, "mget", *["big"] * 9) == \
            "ERR the answer is too large"
        server.stop()


def pieces():
    """A request byte by byte, and requests that share a write."""
    with Server("kv") as server:
        client = server.connect()
        for byte in b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0x\r\n":
            client.sendall(bytes([byte]))
        assert client.recv(100) == b"+OK\r\n"
        client.sendall(b"get k\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" * 1000)
        expected = b"$4\r\n\r\n\0x\r\n" * 2000
        received = b""
        while len(received) < len(expected):
            received += client.recv(65536)
        assert received == expected
        for wrong in (b"*1\r\n:3\r\nGET\r\n", b"*99999\r\n", b"*1\r\n$-5\r\n",
                      b"*1\r\n$65536\r\n" + b"x" * 70000):
            client = server.connect()
            client.sendall(wrong)
            assert expect_end(client).startswith(b"-ERR Protocol error"), wrong
        server.stop()


def benchmark():
    with Server("kv") as server:
        server.connect().close()
        run = subprocess.run(
            [BENCHMARK, "-p", str(server.port), "-q", "-n", "20000", "-P", "50",
             "-t", "set,get,incr,mset,ping", "-r", "1000"],
            capture_output=True, text=True, timeout=4 * LIMIT_S)
        print(run.stdout.replace("\r", "\n")[-400:])
        rates = re.findall(r"(\w+): ([\d.]+) requests per second", run.stdout)
        assert {name for name, _ in rates} >= {"SET", "GET", "INCR"}, run
        assert "keys=" in ask(server, "info")
        server.stop()


run_scenarios(commands, pieces, benchmark)
