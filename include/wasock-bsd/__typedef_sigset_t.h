/* SPDX-License-Identifier: MIT */
/* A bit a signal; wasi-libc's own has room for none. */
#ifndef __wasilibc___typedef_sigset_t_h
#define __wasilibc___typedef_sigset_t_h

typedef unsigned long long sigset_t;

#endif
