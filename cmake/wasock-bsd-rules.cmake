# SPDX-License-Identifier: MIT
#
# What wasock-bsd.cmake changes of CMake's rules for Linux.
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
