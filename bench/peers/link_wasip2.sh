#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Compile and link a C program for WASI 0.2 as a wasi-sdk does, by the libc, the
# entry and the linker of Rust's target wasm32-wasip2: a wasi-sdk is in no
# package. wasm-opt, which clang runs if it is there, reads no components.
#
#   link_wasip2.sh RUST_TOOLCHAIN COMPILER OPTION... SOURCE -o OUTPUT
set -eu
sysroot=$(rustc "+$1" --print sysroot)
shift
rustlib=$sysroot/lib/rustlib
libc=$rustlib/wasm32-wasip2/lib/self-contained
if [ ! -f "$libc/libc.a" ]; then
    echo "error: no libc: rustup target add wasm32-wasip2" >&2
    exit 1
fi
builtins=$("$1" --target=wasm32-wasi -Wno-deprecated --rtlib=compiler-rt \
    -print-libgcc-file-name)
linker=$(echo "$rustlib"/*/bin/wasm-component-ld)
exec "$@" --no-wasm-opt -nostartfiles -nodefaultlibs "-fuse-ld=$linker" \
    "-Wl,--wasm-ld-path=${linker%/*}/gcc-ld/wasm-ld" \
    "$libc/crt1-command.o" "$libc/libc.a" "$builtins"
