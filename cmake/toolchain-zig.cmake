# SPDX-License-Identifier: MIT
#
# Compile for WASI preview1 with zig's clang and the newer wasi-libc it brings:
# the nearest stand-in for a current wasi-sdk that Debian's packages and PyPI
# can give. tools/setup.sh makes the wrappers.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(WASI 1)

set(zig_tools ${CMAKE_CURRENT_LIST_DIR}/../.hosts/bin)
set(CMAKE_C_COMPILER ${zig_tools}/zig-cc)
set(CMAKE_AR ${zig_tools}/zig-ar)
set(CMAKE_RANLIB ${zig_tools}/zig-ranlib)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
