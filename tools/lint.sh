#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/lint.sh format   check the format of the code with clang-format
# tools/lint.sh tidy     run clang-tidy, after a build of the presets native,
#                        wasm, wasip2 and wasip3: it uses their commands
#
# Other versions give other results: without version 22 it prints a skip.
set -euo pipefail
cd "$(dirname "$0")/.."
version=22

# need TOOL
need() {
    command -v "$1" >/dev/null && return
    echo "SKIP: $1 is not installed" >&2
    [ "${CI:-}" != true ]
    exit
}

case ${1:-} in
format)
    need clang-format-$version
    git ls-files '*.c' '*.h' |
        xargs clang-format-$version --dry-run -Werror
    ;;
tidy)
    need clang-tidy-$version
    # Files that only the wasm build compiles. They define libc functions, which
    # cannot be static. git's * matches / as well.
    mapfile -t wasm < <(git ls-files examples/tcpecho_freestanding.c \
        'tests/claims/*.c' 'src/bsd/*.c' 'src/libc/*.c')
    clang-tidy-$version --quiet -p build/wasm \
        --checks=-misc-use-internal-linkage "${wasm[@]}"
    # Those that only components have: likewise, the entries.
    mapfile -t wasip2 < <(git ls-files 'src/host/component/*.c' \
        'src/host/wasip2/*.c' tests/component/test_reads.c)
    clang-tidy-$version --quiet -p build/wasip2 \
        --checks=-misc-use-internal-linkage "${wasip2[@]}"
    mapfile -t wasip3 < <(git ls-files 'src/host/wasip3/*.c' \
        'tests/component/*.c' ':!tests/component/test_reads.c')
    clang-tidy-$version --quiet -p build/wasip3 \
        --checks=-misc-use-internal-linkage "${wasip3[@]}"
    wasm+=("${wasip2[@]}" "${wasip3[@]}" src/libc/no_directories.c)
    # Programs as others write them need not please it; the preset fuzz has its
    # own commands.
    mapfile -t others < <(git ls-files 'tests/consumer/*.c' 'tests/bsd/*.c' \
        'tests/programs/*.c' 'tests/servers/peers/*.c' 'tests/fuzz/*.c')
    git ls-files 'src/*.c' 'examples/*.c' 'tests/*.c' |
        grep -vxF -f <(printf '%s\n' "${wasm[@]}" "${others[@]}") |
        xargs -P 2 -n 3 clang-tidy-$version --quiet -p build/native
    ;;
*)
    echo "usage: tools/lint.sh format|tidy" >&2
    exit 2
    ;;
esac
