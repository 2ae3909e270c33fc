/* SPDX-License-Identifier: MIT */
#include <endian.h>
