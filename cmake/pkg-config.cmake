# SPDX-License-Identifier: MIT

# The variable `cc` of wasock.pc: the compiler of this build, with its options.
set(pc_compiler ${CMAKE_C_COMPILER})
if(CMAKE_C_COMPILER_TARGET)
    string(APPEND pc_compiler " --target=${CMAKE_C_COMPILER_TARGET}")
endif()
if(CMAKE_SYSROOT MATCHES "^${PROJECT_BINARY_DIR}") # it is installed
    string(APPEND pc_compiler
        " --sysroot=\${prefix}/share/wasock/wasi-sysroot")
elseif(CMAKE_SYSROOT)
    string(APPEND pc_compiler " --sysroot=${CMAKE_SYSROOT}")
endif()
if(WASOCK_HOST)
    set(pc_compiler
        "\${prefix}/${CMAKE_INSTALL_BINDIR}/wasock-component ${pc_compiler}")
endif()

# A package may lie anywhere: it finds its prefix from where the file is.
file(RELATIVE_PATH pc_prefix
    ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})

# wasock_pkg_config(NAME DESCRIPTION REQUIRES CFLAGS LIBS): install NAME.pc.
function(wasock_pkg_config pc_name pc_description pc_requires pc_cflags pc_libs)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/wasock.pc.in
        ${PROJECT_BINARY_DIR}/${pc_name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${pc_name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
