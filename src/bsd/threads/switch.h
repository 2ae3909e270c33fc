/* SPDX-License-Identifier: MIT */
/*
 * switch.h - coroutines by Binaryen's Asyncify.
 *
 * `wasm-opt --asyncify` lets the functions of a module be left and entered
 * again: it unwinds the call stack into a buffer, and rewinds it from there.
 * The root loop, wasock_bsd__switch_run, is below all coroutines: each switch
 * unwinds to it, and it rewinds the next one. setjmp captures a call stack the
 * same way, and longjmp rewinds it again.
 *
 *   switch.c  the root loop; the only caller of Asyncify
 *   start.c   the program's entry: main as a coroutine
 *   jump.c    setjmp and longjmp
 */
#ifndef WASOCK_BSD_THREADS_SWITCH_H
#define WASOCK_BSD_THREADS_SWITCH_H

#include <stdbool.h>
#include <stddef.h>

/* An unwound call stack. */
struct frames {
    char *bytes;
    size_t length;
    size_t capacity;
    char *stack_pointer; /* of its innermost function */
};

struct coroutine {
    void (*entry)(void *argument);
    void *argument;
    struct frames frames; /* where it goes on; length 0: at `entry` */
    struct jump *jumps;   /* jump.c: what its setjmps captured */
};

/* Run coroutines, until the entry of the first one returns. No other entry may
 * return. The first one uses the stack of the caller. */
void wasock_bsd__switch_run(struct coroutine *first);

struct coroutine *wasock_bsd__switch_current(void);

/* Suspend the current coroutine and go on with another one. Returns once
 * another switches back. */
void wasock_bsd__switch_to(struct coroutine *other);

/* Go on with another coroutine; the current one ends. Does not return, which
 * must not be declared: in wasm it does, to be unwound. */
void wasock_bsd__switch_end(struct coroutine *other);

/* Capture the call stack of the current coroutine. Returns 0, and then
 * whatever `value` a jump to it has. The capture stays valid while the caller
 * runs. */
int wasock_bsd__switch_capture(struct frames *captured)
    __attribute__((returns_twice));

/* Go back to a capture of the current coroutine. As switch_end. */
void wasock_bsd__switch_jump(struct frames *captured, int value);

/* The value of the stack pointer. */
char *wasock_bsd__stack_pointer(void);

/* Print a message to standard error and abort. */
_Noreturn void wasock_bsd__die(const char *message);

#endif
