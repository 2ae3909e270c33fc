#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Set up, build everything, run every test. The last line counts them.
#
#   tools/test.sh [--all-hosts]
#
# --all-hosts runs large programs, such as nginx, on every host, not on one.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# step NAME COMMAND...: one test. Quiet unless it fails.
step() {
    local name=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "FAILED  $name"
        cat "$log"
    fi
}

# tests PRESET OPTION...: its ctest, counted test by test.
tests() {
    ctest --preset "$@" -j 2 >"$log" 2>&1
    local status=$? total=0 bad=0
    read -r bad total < <(sed -nE \
        's/.* tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/p' \
        "$log")
    passed=$((passed + ${total:-0} - ${bad:-0}))
    failed=$((failed + ${bad:-0}))
    if [ $status -ne 0 ] || [ "${total:-0}" -eq 0 ]; then
        [ "${bad:-0}" -gt 0 ] || failed=$((failed + 1))
        echo "FAILED  ctest $1: ${bad:-no} of ${total:-0} failed"
        cat "$log"
    else
        echo "ok      ctest $1: $total tests"
    fi
    grep -hiE 'skip' "$log" || true
}

build() {
    cmake --preset "$1" "-DWASOCK_ALL_HOSTS=$all_hosts" && cmake --build --preset "$1"
}

all_hosts=OFF
setup_options=()
case ${1:-} in
'') ;;
--all-hosts) all_hosts=ON setup_options=(--all-hosts) ;;
*)
    echo "unknown option $1; see the head of tools/test.sh" >&2
    exit 2
    ;;
esac
[ "${CI:-}" = true ] && setup_options=(--all-hosts)
tools/setup.sh "${setup_options[@]}" || {
    echo "0 passed, 1 failed"
    exit 1
}

# A fresh build: nothing of an earlier one may help.
rm -rf build/wasm build/wasip2 build/wasip3 build/zig build/native build/release \
    build/msan build/coverage
step "build wasm (clang)" build wasm
step "build components (WASI 0.2)" build wasip2
step "build components (WASI 0.3)" build wasip3
step "build wasm (zig, a newer wasi-libc)" build zig
step "build native (ASan, UBSan)" build native
step "build release (optimised)" env CC=gcc cmake --preset release
step "build release, compile" cmake --build --preset release
step "build for MSan" env CC="$(newest clang)" cmake --preset msan
step "build for MSan, compile" cmake --build --preset msan
step "repository rules" python3 tests/claims/rules.py
step "format" tools/lint.sh format
step "clang-tidy" tools/lint.sh tidy
tests wasm
tests wasip2
tests wasip3
tests zig -L bsd -E '_(build|libev|libevent|mosquitto|ngircd)_'
tests native
tests release
tests msan
step "fuzz" tests/fuzz/run.sh 20
sed -n '/^fuzz /p' "$log"
step "coverage" tools/coverage.sh
sed -n '/^coverage by/,$p' "$log"
cat build/native/e2e.txt
for shapes in shapes arrivals; do
    build/release/tests/unit/test_poller_$shapes 2>/dev/null | grep -F '|'
done
step "random worlds, fresh" tools/worlds.sh 1
grep ' worlds in ' "$log" || true
if [ "${CI:-}" = true ]; then
    step "mutants, a sample" tools/mutants.py --seconds 75 --floor 90
    grep -E '^(seed|mutants:|survived)' "$log" || true
    step "mutants of the BSD layer, a sample" \
        tools/mutants.py --bsd --seconds 60 --floor 65
    grep -E '^(seed|mutants:|survived)' "$log" || true
    step "benchmark, quick" bench/run.sh --quick
    sed -n '/^# Benchmark/,$p' "$log"
fi
python3 tests/claims/sizes.py --print build/wasm \
    "$(sed -n 's/^CMAKE_NM:[A-Z]*=//p' build/wasm/CMakeCache.txt)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
