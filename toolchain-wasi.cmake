# SPDX-License-Identifier: MIT
#
# Compile for WASI preview1. Two toolchains:
#   a wasi-sdk: set WASI_SDK_PREFIX, in the environment or with -D;
#   else Debian's clang (the newest of those from 14 on that have all they need,
#   or the one in WASOCK_CLANG) with its lld, llvm and libclang-rt-*-dev-wasm32,
#   and wasi-libc.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(WASI 1)

# CMake reads this file again in projects of its own: these must reach them.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASI_SDK_PREFIX WASOCK_CLANG)

# wasock_ask(RESULT COMMAND...): the file that a compiler names, if it is there.
function(wasock_ask result)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE file ERROR_QUIET
        OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT EXISTS "${file}")
        set(file "")
    endif()
    set(${result} "${file}" PARENT_SCOPE)
endfunction()

# wasock_find_clang(NAME...): the first that has a linker, an archiver and a
# runtime for wasm, its tools, and what it calls the target.
function(wasock_find_clang)
    foreach(name ${ARGN})
        find_program(clang NAMES ${name} NO_CACHE)
        set(program "${clang}")
        unset(clang)
        if(NOT program)
            continue()
        endif()
        wasock_ask(linker ${program} -print-prog-name=wasm-ld)
        wasock_ask(ar ${program} -print-prog-name=llvm-ar)
        wasock_ask(ranlib ${program} -print-prog-name=llvm-ranlib)
        # Newer ones call wasm32-wasi deprecated, older know no other name.
        foreach(target wasm32-wasip1 wasm32-wasi)
            wasock_ask(runtime ${program} --target=${target}
                --rtlib=compiler-rt -print-libgcc-file-name)
            if(linker AND ar AND ranlib AND runtime)
                set(WASOCK_CLANG ${program} CACHE STRING "The clang for wasm")
                set(CMAKE_C_COMPILER ${program} PARENT_SCOPE)
                set(CMAKE_C_COMPILER_TARGET ${target} PARENT_SCOPE)
                set(CMAKE_AR ${ar} PARENT_SCOPE)
                set(CMAKE_RANLIB ${ranlib} PARENT_SCOPE)
                return()
            endif()
        endforeach()
    endforeach()
    message(FATAL_ERROR "No complete toolchain for wasm among: ${ARGN}. Set "
        "WASI_SDK_PREFIX to a wasi-sdk, or install clang, lld, llvm and "
        "libclang-rt-*-dev-wasm32 of one version from 14 on, and wasi-libc "
        "(on Debian tools/setup.sh does).")
endfunction()

# wasock_link_sysroot(): Debian's folders are called wasm32-wasi only. Give the
# compiler a sysroot that has them by the name it knows.
function(wasock_link_sysroot)
    if(NOT EXISTS /usr/include/wasm32-wasi)
        message(FATAL_ERROR "wasi-libc is not installed.")
    endif()
    set(sysroot ${CMAKE_BINARY_DIR}/wasi-sysroot)
    foreach(folder include lib)
        file(MAKE_DIRECTORY ${sysroot}/${folder})
        file(CREATE_LINK /usr/${folder}/wasm32-wasi
            ${sysroot}/${folder}/${CMAKE_C_COMPILER_TARGET} SYMBOLIC)
    endforeach()
    set(CMAKE_SYSROOT ${sysroot} PARENT_SCOPE)
endfunction()

if(WASI_SDK_PREFIX)
    set(CMAKE_C_COMPILER ${WASI_SDK_PREFIX}/bin/clang)
    set(CMAKE_CXX_COMPILER ${WASI_SDK_PREFIX}/bin/clang++)
    set(CMAKE_AR ${WASI_SDK_PREFIX}/bin/llvm-ar)
    set(CMAKE_RANLIB ${WASI_SDK_PREFIX}/bin/llvm-ranlib)
    set(CMAKE_SYSROOT ${WASI_SDK_PREFIX}/share/wasi-sysroot)
    set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
    if(EXISTS ${CMAKE_SYSROOT}/include/wasm32-wasip1)
        set(CMAKE_C_COMPILER_TARGET wasm32-wasip1)
    endif()
else()
    if(WASOCK_CLANG)
        wasock_find_clang(${WASOCK_CLANG})
    else()
        set(names "")
        foreach(version RANGE 40 14 -1)
            list(APPEND names clang-${version})
        endforeach()
        wasock_find_clang(${names} clang)
        unset(names)
    endif()
    # clang-19 and clang++-19 come together.
    string(REGEX REPLACE "clang(-[0-9]+)?$" "clang++\\1" CMAKE_CXX_COMPILER
        "${CMAKE_C_COMPILER}")
    wasock_link_sysroot()
endif()
set(CMAKE_CXX_COMPILER_TARGET ${CMAKE_C_COMPILER_TARGET})
# libc++ for WASI has none: a `throw` is an error of the compiler then, and not
# an undefined symbol.
set(CMAKE_CXX_FLAGS_INIT -fno-exceptions)

# What is linked is the same whether wasm-opt is installed or not, which a newer
# clang would run.
execute_process(COMMAND ${CMAKE_C_COMPILER} --no-wasm-opt -E -x c /dev/null
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
if(result EQUAL 0)
    set(CMAKE_EXE_LINKER_FLAGS_INIT --no-wasm-opt)
endif()
unset(result)
