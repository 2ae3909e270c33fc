# SPDX-License-Identifier: MIT
#
# Compile for WASI preview1. Two toolchains:
#   a wasi-sdk: set WASI_SDK_PREFIX, in the environment or with -D;
#   else Debian's clang (the newest installed from 14 on, or the one in
#   WASOCK_CLANG), lld, wasi-libc and libclang-rt-*-dev-wasm32.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(WASI 1)

if(NOT WASI_SDK_PREFIX AND DEFINED ENV{WASI_SDK_PREFIX})
    set(WASI_SDK_PREFIX $ENV{WASI_SDK_PREFIX})
endif()

if(WASI_SDK_PREFIX)
    set(CMAKE_C_COMPILER ${WASI_SDK_PREFIX}/bin/clang)
    set(CMAKE_AR ${WASI_SDK_PREFIX}/bin/llvm-ar)
    set(CMAKE_RANLIB ${WASI_SDK_PREFIX}/bin/llvm-ranlib)
    set(CMAKE_SYSROOT ${WASI_SDK_PREFIX}/share/wasi-sysroot)
    set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
    if(EXISTS ${CMAKE_SYSROOT}/include/wasm32-wasip1)
        set(CMAKE_C_COMPILER_TARGET wasm32-wasip1)
    endif()
else()
    set(versions "")
    foreach(version RANGE 40 14 -1)
        list(APPEND versions clang-${version})
    endforeach()
    find_program(WASOCK_CLANG NAMES ${versions} clang REQUIRED)
    execute_process(COMMAND ${WASOCK_CLANG} -dumpversion
        OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX MATCH "^[0-9]+" version "${version}")
    find_program(WASOCK_LLVM_AR NAMES llvm-ar-${version} llvm-ar REQUIRED)
    find_program(WASOCK_LLVM_RANLIB
        NAMES llvm-ranlib-${version} llvm-ranlib REQUIRED)
    set(CMAKE_C_COMPILER ${WASOCK_CLANG})
    set(CMAKE_AR ${WASOCK_LLVM_AR})
    set(CMAKE_RANLIB ${WASOCK_LLVM_RANLIB})
    if(version LESS 20)
        set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
        set(CMAKE_SYSROOT /usr)
    else()
        # Newer ones call wasm32-wasi deprecated, and Debian has no folders of
        # the new name: give it some.
        set(CMAKE_C_COMPILER_TARGET wasm32-wasip1)
        set(CMAKE_SYSROOT ${CMAKE_BINARY_DIR}/wasi-sysroot)
        foreach(folder include lib)
            file(MAKE_DIRECTORY ${CMAKE_SYSROOT}/${folder})
            file(CREATE_LINK /usr/${folder}/wasm32-wasi
                ${CMAKE_SYSROOT}/${folder}/wasm32-wasip1 SYMBOLIC)
        endforeach()
    endif()
endif()

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
