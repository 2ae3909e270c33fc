#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the servers, measures them in turn, writes bench/results/.
# bench/run.sh --help says what can be chosen; bench/run.sh --programs measures
# known servers on the BSD layer instead, --examples the servers of examples/.
set -eu
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1
PATH=$PWD/.hosts/python/bin:$PATH # tools/setup.sh may have put a newer Go there
if [ "${1:-}" = --programs ]; then
    cmake --preset wasm >/dev/null && cmake --build --preset wasm >/dev/null
    shift
    exec python3 bench/programs.py "$@"
fi
if [ "${1:-}" = --examples ]; then
    shift
    exec python3 bench/examples.py "$@"
fi
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import matplotlib' 2>/dev/null; then
        exec "$python" bench/run.py "$@"
    fi
done
exec python3 bench/run.py "$@"
