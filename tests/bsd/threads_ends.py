# SPDX-License-Identifier: MIT
"""threads_ends.py HOST PROGRAM: a deadlock, a stack that overflows and a jump
that cannot be end the program with a message, never with a hang. A thread that
reads standard input lets others run."""
import os
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

host, program = sys.argv[1:3]
hosts.path(host)
environment = dict(os.environ)
environment.pop("RUST_BACKTRACE", None)


def run(how):
    return subprocess.run(
        [sys.executable, root / "tools/wasock-run", "--runtime", host, program,
         how], text=True, capture_output=True, timeout=30, env=environment,
        stdin=subprocess.DEVNULL)


DEADLOCK = "deadlock: every thread waits for another one"
ENDS = {
    "mutexes": [DEADLOCK, "worker waits for a mutex"],
    "condition": [DEADLOCK, "worker waits for a condition",
                  "waits in pthread_join"],
    "poll": [DEADLOCK, "waits in poll, select or epoll_wait, for nothing"],
    "overflow": ["a thread has overflowed its stack"],
    "longjmp": ["longjmp to a function that has returned"],
}
for how, messages in ENDS.items():
    ended = run(how)
    assert ended.returncode != 0 and "joined" not in ended.stdout, (how, ended)
    for message in messages:
        assert message in ended.stderr, (how, message, ended.stderr)
ended = run("main exits")
assert (ended.returncode, ended.stdout) == (0, "late\n"), ended
ended = run("thread exits")
assert (ended.returncode, ended.stdout) == (1, ""), ended

reader = subprocess.Popen(
    [sys.executable, root / "tools/wasock-run", "--runtime", host, program,
     "stdin"], text=True, env=environment, stdin=subprocess.PIPE,
    stdout=subprocess.PIPE)
assert reader.stdout.readline() == "ticked\n"
said, _ = reader.communicate("x\n", timeout=30)
assert (reader.returncode, said) == (0, "got x\n"), said
