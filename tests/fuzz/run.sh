#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Build the fuzzers with clang, and let each run for a time.
#
#   tests/fuzz/run.sh [SECONDS [NAME...]]   default: 10, all of them
#   tests/fuzz/run.sh pack [NAME...]        keep what was found
#
# Each begins with tests/fuzz/corpus/NAME.txt. What it finds goes to
# build/fuzz/corpus/NAME, an input that fails to build/fuzz/failed; run the
# fuzzer with that file as its argument. pack writes the fewest inputs that cover
# as much to tests/fuzz/corpus.
#
# The last line of each: executions, and edges covered of those of the program.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lib.sh

seconds=${1:-10}
names=("${@:2}")
[ ${#names[@]} -gt 0 ] || names=(text calls bsd kv httpd)

CC=$(newest clang) cmake --preset fuzz >/dev/null
cmake --build --preset fuzz >/dev/null
mkdir -p build/fuzz/failed

# fuzz NAME: returns 1 if an input failed.
fuzz() {
    local program=build/fuzz/tests/fuzz/fuzz_$1 log=build/fuzz/$1.log
    local found=$PWD/build/fuzz/corpus/$1 executions edges counters
    python3 tests/fuzz/corpus.py unpack "tests/fuzz/corpus/$1.txt" "$found"
    if ! "$program" -max_total_time="$seconds" -max_len=1000 -timeout=20 \
        -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$PWD/build/fuzz/failed/$1-" "$found" \
        >"$log" 2>&1; then
        echo "FAILED  fuzz $1"
        tail -n 60 "$log"
        return 1
    fi
    edges=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
    counters=$(grep -oE '[0-9]+ inline 8-bit counters' "$log" | head -n 1)
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz $1: $executions executions, ${edges#cov: } of" \
        "${counters%% *} edges"
}

# pack NAME
pack() {
    local fewest
    fewest=$(mktemp -d)
    build/fuzz/tests/fuzz/fuzz_"$1" -set_cover_merge=1 -max_len=1000 \
        "$fewest" "build/fuzz/corpus/$1" >/dev/null 2>&1
    python3 tests/fuzz/corpus.py pack "tests/fuzz/corpus/$1.txt" "$fewest"
    rm -rf "$fewest"
}

status=0
for name in "${names[@]}"; do
    if [ "$seconds" = pack ]; then
        pack "$name"
    else
        fuzz "$name" || status=1
    fi
done
exit $status
