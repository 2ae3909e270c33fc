#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# How much of the library the unit tests reach: lines and branches of each file,
# and which are missing. As a page: build/coverage/html/index.html.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

clang=$(newest clang)
CC=$clang cmake --preset coverage
cmake --build --preset coverage
profiles=build/coverage/profiles
rm -rf "$profiles"
LLVM_PROFILE_FILE=$PWD/$profiles/%p.profraw \
    ctest --preset coverage -L unit -j 2
"$(newest llvm-profdata)" merge -sparse "$profiles"/*.profraw \
    -o "$profiles/all.profdata"

programs=()
for program in build/coverage/tests/unit/test_*; do
    [ -f "$program" ] && [ -x "$program" ] && programs+=(-object "$program")
done
# cov COMMAND OPTION...; llvm-cov takes its first program without an option.
cov() {
    "$(newest llvm-cov)" "$1" "${programs[@]:1}" "${@:2}" \
        -instr-profile "$profiles/all.profdata" "$PWD/src" "$PWD/include"
}
cov show -format=html -output-dir=build/coverage/html -show-branches=count
echo "coverage by the unit tests, lines and branches:"
cov export -format=lcov | python3 tools/coverage.py
