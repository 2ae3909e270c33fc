# SPDX-License-Identifier: MIT
"""An MQTT broker and Debian's clients."""
import subprocess

from serving import LIMIT_S, Server, tool


def check(kind):
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
