# SPDX-License-Identifier: MIT
#
# Threads of the BSD layer for a CMake target.

set(asyncify "--asyncify --pass-arg=asyncify-ignore-imports")

# wasock_threads(TARGET): link wasock::bsd_threads, give each thread its own
# _Thread_local variables, and rewrite the linked module with wasm-opt, as
# wasock-cc --threads does.
function(wasock_threads target)
    target_link_libraries(${target} PRIVATE wasock::bsd_threads)
    if(WASI)
        set_target_properties(${target} PROPERTIES RULE_LAUNCH_LINK
            "\"${wasock_optimize}\" ${asyncify} -O2 --"
            C_COMPILER_LAUNCHER "${wasock_thread_local}"
            CXX_COMPILER_LAUNCHER "${wasock_thread_local}")
    endif()
endfunction()
