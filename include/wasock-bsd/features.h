/* SPDX-License-Identifier: MIT */
/* features.h - what _GNU_SOURCE implies on Linux, which programs test. */
#ifndef WASOCK_BSD_FEATURES_H
#define WASOCK_BSD_FEATURES_H

#pragma GCC system_header

#include_next <features.h>

#ifdef _GNU_SOURCE
#undef _DEFAULT_SOURCE
#undef _POSIX_SOURCE
#undef _POSIX_C_SOURCE
#undef _XOPEN_SOURCE
#define _DEFAULT_SOURCE 1
#define _POSIX_SOURCE 1
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#endif

#endif
