/* SPDX-License-Identifier: MIT */
/*
 * setjmp.h - with wasock-cc --longjmp, or --threads, both work. Without, setjmp
 * returns once, and longjmp prints an error and aborts: wasm cannot jump out of
 * functions without exceptions, which not every host has.
 */
#ifndef WASOCK_BSD_SETJMP_H
#define WASOCK_BSD_SETJMP_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef WASOCK_BSD_LONGJMP
#include <__typedef_sigset_t.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef WASOCK_BSD_LONGJMP

struct wasock_bsd_jmp_buf {
    void *jump;
    unsigned serial;
    int has_mask;
    sigset_t mask;
};
typedef struct wasock_bsd_jmp_buf jmp_buf[1];
typedef struct wasock_bsd_jmp_buf sigjmp_buf[1];

/* line: tells two calls of a function with one buffer apart. */
int wasock_bsd_setjmp(struct wasock_bsd_jmp_buf *buffer, int saves_mask,
                      int line) __attribute__((returns_twice));
#define setjmp(buffer) wasock_bsd_setjmp(buffer, 0, __LINE__)
#define sigsetjmp(buffer, saves_mask)                                          \
    wasock_bsd_setjmp(buffer, saves_mask, __LINE__)

void longjmp(jmp_buf buffer, int value) WASOCK_BSD(real_longjmp)
    __attribute__((noreturn));
void siglongjmp(sigjmp_buf buffer, int value) WASOCK_BSD(real_siglongjmp)
    __attribute__((noreturn));

#else

typedef int jmp_buf[1];
typedef int sigjmp_buf[1];

#define setjmp(buffer) ((void)(buffer), 0)
#define sigsetjmp(buffer, saves_mask) ((void)(saves_mask), setjmp(buffer))

void longjmp(jmp_buf buffer, int value) WASOCK_BSD(longjmp)
    __attribute__((noreturn));
void siglongjmp(sigjmp_buf buffer, int value) WASOCK_BSD(siglongjmp)
    __attribute__((noreturn));

#endif

#define _setjmp(buffer) setjmp(buffer)
#define _longjmp(buffer, value) longjmp(buffer, value)

#ifdef __cplusplus
}
#endif

#endif
