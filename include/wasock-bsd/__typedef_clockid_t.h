/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, which is a pointer: programs compare, store and
 * switch on clocks. */
#ifndef __wasilibc___typedef_clockid_t_h
#define __wasilibc___typedef_clockid_t_h

typedef int clockid_t;

#endif
