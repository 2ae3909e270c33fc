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
cp "$here"/*.c "$here"/*.cpp "$here/CMakeLists.txt" "$scratch/"
echo file >"$scratch/file"
cmake --install "$build" --prefix "$scratch/prefix" >/dev/null
subproject=()
options=(-S "$scratch" -G Ninja "-DCMAKE_C_FLAGS=$flags")
if [ -n "$toolchain" ]; then
    case $toolchain in # the installed one, if it is that
    */toolchain-wasi.cmake)
        toolchain=$(find "$scratch/prefix" -name toolchain-wasi.cmake) ;;
    esac
    options+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain")
else
    options+=("-DCMAKE_CXX_FLAGS=$flags")
fi
# A package of components says so itself; a subproject is asked for them.
if [ -n "$components" ]; then
    subproject=("-DWASOCK_HOST=$components")
    export WASM_TOOLS=${WASM_TOOLS:-$source/.hosts/bin/wasm-tools}
fi
config=$(dirname "$(find "$scratch/prefix" -name wasock-config.cmake)")
pc=$(dirname "$(find "$scratch/prefix" -name wasock.pc)")

# run PROGRAM [FILE]: natively, or under the host that set-up installed, with a
# listener and the file's folder.
was_run=yes
run() {
    local host=$source/.hosts/bin/wasmtime
    local options=(-S preview2=n -S tcplisten=127.0.0.1:0)
    if [ -n "$components" ]; then
        host=$source/.hosts/bin/wasmtime-49 options=(-S inherit-network)
    fi
    if [ ! -f "$1.wasm" ]; then
        "$@"
    elif [ -x "$host" ]; then
        "$host" run "${options[@]}" --dir "$scratch" "$1.wasm" "${@:2}"
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
    run "$scratch/$1/consumer_cxx"
    run "$scratch/$1/consumer_files" "$scratch/file"
    run "$scratch/$1/consumer_bsd"
    echo "$1: ok"
}
consume find_package -DWASOCK_FROM=find_package "-Dwasock_DIR=$config"
if [ -z "$components" ]; then # CMake must be shown wasock-component
    consume pkg-config -DWASOCK_FROM=pkg-config
fi
consume subproject "-DWASOCK_FROM=$source" "${subproject[@]}"

# What else a package brings.
for file in bin/wasock-run share/man/man7/wasock.7 \
    share/man/man3/wasock_conn_read.3; do
    [ -s "$scratch/prefix/$file" ]
done
for tool in wasock-run wasock-cc wasock-component wasock-optimize; do # each with its page
    [ -e "$scratch/prefix/bin/$tool" ] && is_installed=yes || is_installed=no
    [ -e "$scratch/prefix/share/man/man1/$tool.1" ] && has_page=yes ||
        has_page=no
    [ $is_installed = $has_page ]
done

# The README's Makefile and program.
suffix=
[ -n "$toolchain" ] && suffix=.wasm
mkdir "$scratch/make"
sed -n '/^```make$/,/^```$/{/^```/d;p}' "$source/README.md" \
    >"$scratch/make/Makefile"
cp "$source/examples/server.c" "$scratch/make/"
make -s -C "$scratch/make" PREFIX="$scratch/prefix" LDFLAGS="$flags" \
    server$suffix
[ -s "$scratch/make/server$suffix" ]
echo "make: ok"

# pkg-config alone. What runs before main is linked.
export PKG_CONFIG_LIBDIR=$pc
# link PACKAGE SOURCE
link() {
    local compiler words
    read -ra compiler < <(pkg-config --variable=cc wasock)
    read -ra words < <(pkg-config --cflags --libs "$1")
    # shellcheck disable=SC2086 # the preset's flags are several
    "${compiler[@]}" $flags "$here/$2" "${words[@]}" -o "$scratch/$1$suffix"
}
link wasock-directories files.c
run "$scratch/wasock-directories" "$scratch/file"
link wasock-bsd bsd.c
run "$scratch/wasock-bsd"
echo "cc: ok"

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
