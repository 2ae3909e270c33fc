# SPDX-License-Identifier: MIT
"""lighttpd as a server of files."""
import files
from serving import Server

HANDLERS = {"epoll": "linux-sysepoll", "poll": "poll", "select": "select"}
CONFIGURATION = """
server.modules = ("mod_accesslog", "mod_dirlisting", "mod_staticfile")
server.document-root = "DIR/www"
server.bind = "127.0.0.1"
server.port = PORT
server.event-handler = "HANDLER"
server.max-keep-alive-requests = 100000
dir-listing.activate = "enable"
accesslog.filename = "DIR/access.log"
mimetype.assign = (".txt" => "text/plain")
"""


def start(kind):
    configuration = CONFIGURATION.replace("HANDLER", HANDLERS[kind])
    return Server("lighttpd", ["-D", "-f", "DIR/lighttpd.conf"],
                  {"lighttpd.conf": configuration, **files.FILES})


def check(kind):
    with start(kind) as server:
        files.check(server)
