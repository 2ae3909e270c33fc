/* SPDX-License-Identifier: MIT */
/*
 * setjmp.h - setjmp returns once. wasm cannot jump out of functions without
 * exceptions, which not every host has: longjmp prints an error and aborts.
 */
#ifndef WASOCK_BSD_SETJMP_H
#define WASOCK_BSD_SETJMP_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int jmp_buf[1];
typedef int sigjmp_buf[1];

#define setjmp(buffer) ((void)(buffer), 0)
#define _setjmp(buffer) setjmp(buffer)
#define sigsetjmp(buffer, saves_mask) ((void)(saves_mask), setjmp(buffer))

void longjmp(jmp_buf buffer, int value) WASOCK_BSD(longjmp)
    __attribute__((noreturn));
void siglongjmp(sigjmp_buf buffer, int value) WASOCK_BSD(siglongjmp)
    __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
