# SPDX-License-Identifier: MIT
#
# The library for components: the host's object of WASI 0.2 or 0.3 in place of
# imports of preview1, and programs linked as components.

if(NOT WASOCK_HOST MATCHES "^wasip[23]$")
    message(FATAL_ERROR "WASOCK_HOST is ${WASOCK_HOST}, not wasip2 or wasip3")
endif()
string(REPLACE "wasip" "" version ${WASOCK_HOST})
file(GLOB host_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
    src/host/component/*.c src/host/${WASOCK_HOST}/*.c)
if(WASOCK_HOST STREQUAL wasip2)
    list(APPEND host_sources src/host/no_set.c)
endif()
target_sources(wasock PRIVATE ${host_sources})
set_source_files_properties(${host_sources}
    PROPERTIES COMPILE_OPTIONS -ffreestanding)
foreach(file type run_type)
    set_source_files_properties(src/host/${WASOCK_HOST}/${file}.c
        PROPERTIES COMPILE_OPTIONS "-ffreestanding;-Wno-overlength-strings")
endforeach()
target_compile_definitions(wasock PUBLIC WASOCK_COMPONENT=${version})

set(wasock_component ${PROJECT_SOURCE_DIR}/tools/wasock-component)
include(cmake/link-component.cmake)
if(NOT PROJECT_IS_TOP_LEVEL) # the programs of who uses it
    set(CMAKE_C_LINK_EXECUTABLE "${CMAKE_C_LINK_EXECUTABLE}" PARENT_SCOPE)
    set(CMAKE_CXX_LINK_EXECUTABLE "${CMAKE_CXX_LINK_EXECUTABLE}" PARENT_SCOPE)
endif()

install(PROGRAMS tools/wasock-component TYPE BIN)
install(FILES cmake/link-component.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wasock)
set(adapter ${PROJECT_SOURCE_DIR}/.hosts/wasi_snapshot_preview1.reactor.wasm)
if(EXISTS ${adapter})
    install(FILES ${adapter} DESTINATION share/wasock)
endif()
