#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# How much of src/ the unit tests reach: lines and branches of each file.
set -euo pipefail
cd "$(dirname "$0")/.."

CC=gcc cmake --preset coverage
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -L unit -j 2
echo "coverage of src/ by the unit tests, lines and branches:"
find build/coverage/CMakeFiles/wasock.dir -name '*.gcda' | sort |
    while read -r data; do
        (cd build/coverage && gcov -b -c -n "../../$data" 2>/dev/null)
    done | python3 tools/coverage.py
