# SPDX-License-Identifier: MIT
"""examples/httpd with curl, ab, and requests that no browser sends."""
from running import run_scenarios
from web import Site

site = Site()
run_scenarios(site.files, site.ranges, site.errors, site.pipelining,
              site.slowloris, site.broken_off, site.many,
              site.stop_in_a_download)
site.folder.cleanup()
