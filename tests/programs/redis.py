# SPDX-License-Identifier: MIT
"""redis with its background threads, an append-only file and Lua."""
from serving import Server, tool

ARGUMENTS = ["--port", "PORT", "--bind", "0.0.0.0", "--protected-mode", "no",
             "--dir", "DIR/", "--save", "", "--appendonly", "yes",
             "--appendfsync", "everysec"]


def start(_, directory=None):
    return Server("redis", ARGUMENTS, directory=directory)


def ask(server, *words):
    answer = tool("redis-cli", "-p", str(server.port), *words)
    assert answer.returncode == 0, answer
    return answer.stdout.decode().rstrip("\n")


def info(server, section, name):
    rows = dict(line.split(":", 1) for line in
                ask(server, "INFO", section).splitlines() if ":" in line)
    return rows[name].strip()


def wait_for(server, section, name, value):
    """What a background thread does has no moment of its own."""
    while info(server, section, name) != value:
        assert server.process.poll() is None


def check_commands(server):
    assert ask(server, "PING") == "PONG"
    assert info(server, "server", "multiplexing_api") == "epoll"
    assert ask(server, "SET", "key", "value") == "OK"
    assert ask(server, "EVAL", "return redis.call('GET', KEYS[1])", "1",
               "key") == "value"
    # A Lua error is a longjmp.
    for script in ("return redis.call('NOSUCH')", "error('mine')",
                   "return nosuch.field", "return redis.call('INCR', 'key')"):
        assert "ERR" in ask(server, "EVAL", script, "0"), script
        assert ask(server, "PING") == "PONG"
    caught = ask(server, "EVAL",
                 "local ok = pcall(error, 'x'); return tostring(ok)", "0")
    assert caught == "false", caught
    assert ask(server, "CONFIG", "GET", "appendfsync").endswith("everysec")
    # Freed by a thread.
    fill = "for i = 1, 20000 do redis.call('SADD', 'set', 'm' .. i) end"
    ask(server, "EVAL", fill, "0")
    assert ask(server, "UNLINK", "set") == "1"
    wait_for(server, "memory", "lazyfree_pending_objects", "0")
    assert int(info(server, "memory", "lazyfreed_objects")) >= 1


def check_benchmark(server):
    bench = tool("redis-benchmark", "-p", str(server.port), "-q", "-n", "10000",
                 "-c", "50", "-P", "4", "-t", "set,get,incr,lpush,mset")
    assert bench.returncode == 0, bench
    text = bench.stdout.decode()
    assert text.count("requests per second") == 5, text
    assert ask(server, "GET", "counter:__rand_int__") == "10000"


def check(kind):
    with start(kind) as server:
        server.connect().close()
        check_commands(server)
        silent = server.be_rude()
        check_benchmark(server)
        # The thread that calls fsync every second keeps up.
        wait_for(server, "persistence", "aof_pending_bio_fsync", "0")
        assert info(server, "persistence", "aof_delayed_fsync") == "0"
        assert info(server, "persistence", "aof_last_write_status") == "ok"
        # It would fork: an error, and it lives.
        ask(server, "BGREWRITEAOF")
        assert ask(server, "SET", "last", "one") == "OK"
        assert len(silent) == 20
        ask(server, "SHUTDOWN", "NOSAVE")
        assert server.process.wait(30) == 0
    with start(kind, server.directory) as server:
        server.connect().close()
        wait_for(server, "persistence", "loading", "0")
        assert ask(server, "GET", "key") == "value"
        assert ask(server, "GET", "last") == "one"
        assert ask(server, "GET", "counter:__rand_int__") == "10000"
        assert ask(server, "EXISTS", "set") == "0"
