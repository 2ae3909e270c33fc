#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Random worlds that nobody has seen: run the unit tests made of them with fresh
# seeds, on every core.
#
#   tools/worlds.sh MINUTES [PRESET]
#
# MINUTES are for all of them together; PRESET is native (with sanitizers) or
# release, and has been built. A world that fails prints its seed: run the
# program again with WORLDS_SEED=n in the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || {
    sed -n '4,11s/^# \?//p' "$0" >&2
    exit 2
}
preset=${2:-native}
mapfile -t tests < <(grep -l '"seeds.h"' tests/unit/test_*.c)
seconds=$(($1 * 60 / ${#tests[@]}))
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0
for test in "${tests[@]}"; do
    name=$(basename "$test" .c)
    pids=()
    for ((core = 0; core < $(nproc); core++)); do
        # The next cores' seeds are far from the first's.
        WORLDS_SECONDS=$seconds WORLDS_SEED=$(($(date +%s%N) + core * 10 ** 12)) \
            "build/$preset/tests/unit/$name" >"$logs/$core" 2>&1 &
        pids+=($!)
    done
    n=0
    for core in "${!pids[@]}"; do
        if ! wait "${pids[$core]}"; then
            failed=1
            echo "FAILED  $name"
            tail -n 30 "$logs/$core"
        fi
        n=$((n + $(grep -c '^WORLDS_SEED=' "$logs/$core")))
    done
    echo "$name: $n worlds in $seconds s on ${#pids[@]} cores," \
        "from $(grep -m 1 '^WORLDS_SEED=' "$logs/0")"
done
exit $failed
