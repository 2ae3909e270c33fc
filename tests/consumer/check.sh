#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Does a project outside the tree find, link and run the library?
#
#   check.sh SOURCE BUILD SCRATCH C-FLAGS [TOOLCHAIN-FILE [wasip2|wasip3]]
#
# Exits with 77, "skipped", where wasm can be built but not run.
set -euo pipefail
source=$1 build=$2 scratch=$3/consumer flags=${4:-} toolchain=${5:-}
components=${6:-}
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$scratch"
mkdir -p "$scratch"
cp "$here/consumer.c" "$here/CMakeLists.txt" "$scratch/"
cmake --install "$build" --prefix "$scratch/prefix" >/dev/null
subproject=()
options=(-S "$scratch" -G Ninja "-DCMAKE_C_FLAGS=$flags")
[ -n "$toolchain" ] && options+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain")
# A package of components says so itself; a subproject is asked for them.
if [ -n "$components" ]; then
    subproject=("-DWASOCK_HOST=$components")
    export WASM_TOOLS=${WASM_TOOLS:-$source/.hosts/bin/wasm-tools}
fi
config=$(dirname "$(find "$scratch/prefix" -name wasock-config.cmake)")
pc=$(dirname "$(find "$scratch/prefix" -name wasock.pc)")

# run PROGRAM: natively, or under the host that set-up installed.
was_run=yes
run() {
    local host=$source/.hosts/bin/wasmtime options=(-S preview2=n)
    if [ -n "$components" ]; then
        host=$source/.hosts/bin/wasmtime-49 options=(-S inherit-network)
    fi
    if [ ! -f "$1.wasm" ]; then
        "$1"
    elif [ -x "$host" ]; then
        "$host" run "${options[@]}" "$1.wasm"
    elif [ "${CI:-}" = true ]; then
        echo "wasmtime is not installed; tools/setup.sh does it" >&2
        return 1
    else
        was_run=no
    fi
}

# consume NAME OPTION...
consume() {
    PKG_CONFIG_LIBDIR=$pc cmake "${options[@]}" -B "$scratch/$1" \
        "${@:2}" >/dev/null
    cmake --build "$scratch/$1" >/dev/null
    run "$scratch/$1/consumer"
    echo "$1: ok"
}
consume find_package -DWASOCK_FROM=find_package "-Dwasock_DIR=$config"
if [ -z "$components" ]; then # pkg-config knows no wasock-component
    consume pkg-config -DWASOCK_FROM=pkg-config
fi
consume subproject "-DWASOCK_FROM=$source" "${subproject[@]}"
# The driver of the BSD layer needs no build system at all.
if [ -x "$scratch/prefix/bin/wasock-cc" ]; then
    "$scratch/prefix/bin/wasock-cc" -O1 "$here/consumer.c" \
        -o "$scratch/driven.wasm"
    run "$scratch/driven"
    echo "wasock-cc: ok"
fi
if [ $was_run = no ]; then
    echo "SKIP: built, but wasmtime is not installed to run it"
    exit 77
fi
