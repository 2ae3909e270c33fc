# SPDX-License-Identifier: MIT
#
# Have CMake link programs through wasock_component, the path of
# tools/wasock-component: each becomes a component. For programs of this folder
# and those below.
foreach(language C CXX)
    set(CMAKE_${language}_LINK_EXECUTABLE "\"${wasock_component}\" \
<CMAKE_${language}_COMPILER> <FLAGS> <CMAKE_${language}_LINK_FLAGS> \
<LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
endforeach()
