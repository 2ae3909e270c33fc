#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/lint.sh format   is the code formatted as .clang-format says?
# tools/lint.sh tidy     does clang-tidy find anything in the library?
set -euo pipefail
cd "$(dirname "$0")/.."

# newest NAME: its newest installed version.
newest() {
    for version in 22 21 20 19 18 17 16 15 14; do
        command -v "$1-$version" && return
    done
    command -v "$1"
}

case ${1:-} in
format)
    git ls-files '*.c' '*.h' | xargs "$(newest clang-format)" --dry-run -Werror
    ;;
tidy)
    git ls-files 'src/*.c' 'examples/*.c' | grep -v freestanding |
        xargs -P 2 -n 4 "$(newest clang-tidy)" --quiet -p build/native
    ;;
*)
    echo "usage: tools/lint.sh format|tidy" >&2
    exit 2
    ;;
esac
