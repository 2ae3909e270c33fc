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
    DESTINATION ${package_dir})
install(PROGRAMS tools/wasock-run TYPE BIN)

set(component_flag "")
if(WASOCK_HOST)
    string(REPLACE "wasip" "-DWASOCK_COMPONENT=" component_flag ${WASOCK_HOST})
endif()
wasock_pkg_config(wasock "Sockets for C programs inside a WASI sandbox" ""
    "-I\${includedir} ${component_flag}" -lwasock)
