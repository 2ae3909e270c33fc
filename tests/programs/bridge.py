# SPDX-License-Identifier: MIT
"""An MQTT broker that connects to a second one."""
import subprocess

from serving import LIMIT_S, Server, keep_port, tool


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


def check(kind):
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
