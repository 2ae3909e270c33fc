#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Does a project outside the tree find, link and run the library?
#
#   check.sh SOURCE BUILD SCRATCH C-FLAGS [TOOLCHAIN-FILE]
set -euo pipefail
source=$1 build=$2 scratch=$3/consumer flags=${4:-} toolchain=${5:-}
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$scratch"
mkdir -p "$scratch"
cp "$here/consumer.c" "$here/CMakeLists.txt" "$scratch/"
cmake --install "$build" --prefix "$scratch/prefix" >/dev/null
options=(-G Ninja "-DCMAKE_C_FLAGS=$flags")
[ -n "$toolchain" ] && options+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain")

# run PROGRAM: natively, or under the host that set-up installed.
run() {
    if [ -f "$1.wasm" ]; then
        "$source/.hosts/bin/wasmtime" run -S preview2=n "$1.wasm"
    else
        "$1"
    fi
}

config=$(dirname "$(find "$scratch/prefix" -name wasock-config.cmake)")
cmake "${options[@]}" -S "$scratch" -B "$scratch/found" \
    "-Dwasock_DIR=$config" >/dev/null
cmake --build "$scratch/found" >/dev/null
run "$scratch/found/consumer"
echo "find_package: ok"

cmake "${options[@]}" -S "$scratch" -B "$scratch/sub" \
    "-DWASOCK_SOURCE=$source" >/dev/null
cmake --build "$scratch/sub" >/dev/null
run "$scratch/sub/consumer"
echo "add_subdirectory: ok"

pc=$(dirname "$(find "$scratch/prefix" -name wasock.pc)")
read -ra from_pc < <(PKG_CONFIG_LIBDIR=$pc pkg-config --cflags --libs wasock)
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[^=]*=//p' "$build/CMakeCache.txt")
if [ -n "$toolchain" ]; then
    # The compiler and its target as the toolchain file chose them.
    read -ra compile < <(
        grep -oE '"command": "[^"]*"' "$build/compile_commands.json" |
        head -n 1 | grep -oE '/[^ ]*(clang|zig-cc)[^ ]*|--(target|sysroot)=[^ ]*' |
        tr '\n' ' ') || true
    "${compile[@]}" "$scratch/consumer.c" "${from_pc[@]}" \
        -o "$scratch/by-pkg-config.wasm"
else
    read -ra flag_list <<<"$flags"
    "$compiler" "${flag_list[@]}" "$scratch/consumer.c" "${from_pc[@]}" \
        -o "$scratch/by-pkg-config"
fi
run "$scratch/by-pkg-config"
echo "pkg-config: ok"
