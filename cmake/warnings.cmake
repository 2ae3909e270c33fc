# SPDX-License-Identifier: MIT

# The warnings that all code of this project is compiled with.
function(wasock_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
        -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wcast-align
        -Wcast-qual -Wvla -Wpointer-arith -Wc++-compat
        $<$<BOOL:${WASOCK_WERROR}>:-Werror>)
endfunction()

# Programs and tests: the same, but C++ need not like them.
function(wasock_program_warnings target)
    wasock_warnings(${target})
    target_compile_options(${target} PRIVATE -Wno-c++-compat)
    set_target_properties(${target} PROPERTIES C_STANDARD 11)
endfunction()
