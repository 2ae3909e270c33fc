# SPDX-License-Identifier: MIT
#
# Installation: find_package(wasock), pkg-config, the tools.

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wasock)
install(TARGETS wasock EXPORT wasock
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/wasock TYPE INCLUDE)
install(EXPORT wasock NAMESPACE wasock:: FILE wasock-targets.cmake
    DESTINATION ${package_dir})
configure_package_config_file(cmake/wasock-config.cmake.in
    ${PROJECT_BINARY_DIR}/wasock-config.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/wasock-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wasock-config.cmake
    ${PROJECT_BINARY_DIR}/wasock-config-version.cmake toolchain-wasi.cmake
    cmake/threads.cmake
    DESTINATION ${package_dir})
install(PROGRAMS tools/wasock-run TYPE BIN)

set(component_flag "")
if(WASOCK_HOST)
    string(REPLACE "wasip" "-DWASOCK_COMPONENT=" component_flag ${WASOCK_HOST})
endif()
wasock_pkg_config(wasock "Sockets for C programs inside a WASI sandbox" ""
    "-I\${includedir} ${component_flag}" -lwasock)

# The headers and tools are the source of the man pages.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(is_main AND Python3_FOUND)
    file(GLOB headers CONFIGURE_DEPENDS include/wasock/*.h)
    set(man ${PROJECT_BINARY_DIR}/man)
    set(tools tools/wasock-run tools/wasock-component tools/wasock-optimize
        src/bsd/wasock-cc.in)
    add_custom_command(OUTPUT ${man}/man7/wasock.7
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${man}
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/man.py ${man}
        DEPENDS ${headers} ${tools} tools/man.py
        COMMENT "Writing the man pages")
    add_custom_target(wasock_man ALL DEPENDS ${man}/man7/wasock.7)
    set(absent "") # the pages of tools that are not installed
    if(NOT WASI)
        list(APPEND absent PATTERN wasock-cc.1 EXCLUDE
            PATTERN wasock-optimize.1 EXCLUDE)
    endif()
    if(NOT WASOCK_HOST)
        list(APPEND absent PATTERN wasock-component.1 EXCLUDE)
    endif()
    install(DIRECTORY ${man}/ DESTINATION ${CMAKE_INSTALL_MANDIR} ${absent})
elseif(is_main)
    message(STATUS "no man pages, as python3 is missing")
endif()
