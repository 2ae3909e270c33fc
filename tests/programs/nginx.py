# SPDX-License-Identifier: MIT
"""nginx in one process, as a server of files."""
import re

import files
from serving import Server, wait_until

CONFIGURATION = """
daemon off;
master_process off;
error_log stderr notice;
pid DIR/nginx.pid;
events { use KIND; worker_connections 256; }
http {
    access_log DIR/access.log;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    keepalive_requests 100000;
    server { listen PORT; root DIR/www; autoindex on; }
}
"""


def start(kind):
    configuration = CONFIGURATION.replace("KIND", kind)
    return Server("nginx", ["-p", "DIR/", "-c", "DIR/nginx.conf"],
                  {"nginx.conf": configuration, **files.FILES})


def n_logged(server):
    log = server.path("access.log").read_text()
    return len(re.findall(r'"GET \S+ HTTP/1\.[01]"', log))


def check(kind):
    with start(kind) as server:
        n_requests = files.check(server)
        assert f'using the "{kind}" event method' in server.said()
        # It writes a request's line after the answer.
        wait_until(lambda: n_logged(server) == n_requests)
