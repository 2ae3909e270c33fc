#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/lint.sh format   is the code formatted as .clang-format says?
# tools/lint.sh tidy     does clang-tidy find anything? After a build of the
#                        presets native and wasm, whose commands it follows.
#
# Other versions format and find other things: without this one, a skip.
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
    # Programs as others write them need not please it.
    others=(tests/consumer/consumer.c tests/bsd/*.c)
    git ls-files 'src/*.c' 'examples/*.c' 'tests/*.c' |
        grep -vxF -f <(printf '%s\n' "${wasm[@]}" "${others[@]}") |
        xargs -P 2 -n 3 clang-tidy-$version --quiet -p build/native
    ;;
*)
    echo "usage: tools/lint.sh format|tidy" >&2
    exit 2
    ;;
esac
