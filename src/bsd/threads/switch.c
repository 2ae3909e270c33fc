/* SPDX-License-Identifier: MIT */
#include "switch.h"

#include <stdlib.h>
#include <string.h>

#include "../libc.h"

/*
 * Asyncify replaces these imports. It does not instrument the functions that
 * call them, so these must not be inlined. The functions that start to unwind
 * and stop to rewind are at the top of the stack, wasock_bsd__switch_run is at
 * its bottom.
 */
#define ASYNCIFY(name)                                                         \
    __attribute__((__import_module__("asyncify"), __import_name__(#name)))

/* A range of memory, as Asyncify wants it. */
struct range {
    char *position; /* frames grow up to here */
    char *end;
};

ASYNCIFY(start_unwind)
void wasock_bsd__start_unwind(struct range *range);
ASYNCIFY(stop_unwind)
void wasock_bsd__stop_unwind(void);
ASYNCIFY(start_rewind)
void wasock_bsd__start_rewind(struct range *range);
ASYNCIFY(stop_rewind)
void wasock_bsd__stop_rewind(void);

/* All stacks are unwound into one buffer, and copied from there. Its memory is
 * only used as far as a stack is deep. */
#define UNWIND_BYTES ((size_t)2 << 20)

/* The root loop's part of the stack: what it calls needs some. */
#define ROOT_BYTES 16384

#define FRAMES_BYTES_AT_FIRST 512

enum request { REQUEST_SWITCH, REQUEST_END, REQUEST_CAPTURE, REQUEST_JUMP };

static struct coroutine *current;
static struct coroutine *next;
static enum request request;
static struct frames *target; /* of a capture or a jump */
static int jump_value;
static bool is_unwinding;
static bool is_rewinding;
static char *unwind_buffer;
static struct range range;

__asm__(".globaltype __stack_pointer, i32\n");

__attribute__((noinline)) char *wasock_bsd__stack_pointer(void)
{
    char *pointer = NULL;

    __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0"
                     : "=r"(pointer));
    return pointer;
}

static inline void set_stack_pointer(const char *pointer)
{
    __asm__ volatile(
        "local.get %0\n\tglobal.set __stack_pointer" ::"r"(pointer));
}

_Noreturn void wasock_bsd__die(const char *message)
{
    static const char name[] = "wasock: ";

    if (wasock_libc_write(2, name, sizeof(name) - 1) >= 0) {
        const ssize_t ignored = wasock_libc_write(2, message, strlen(message));
        (void)ignored;
    }
    abort();
}

struct coroutine *wasock_bsd__switch_current(void)
{
    return current;
}

/* ---- The top of the stack ---- */

/* Whether the current call is one that a rewind has come back to. */
static inline bool has_come_back(void)
{
    if (!is_rewinding) {
        return false;
    }
    is_rewinding = false;
    wasock_bsd__stop_rewind();
    return true;
}

static inline void unwind(enum request why)
{
    if (unwind_buffer == NULL) {
        unwind_buffer = (char *)malloc(UNWIND_BYTES);
        if (unwind_buffer == NULL) {
            wasock_bsd__die("no memory to switch threads\n");
        }
    }
    if (current == NULL) {
        wasock_bsd__die("a thread waits, or setjmp is called, outside of "
                        "main\n");
    }
    request = why;
    range.position = unwind_buffer;
    range.end = unwind_buffer + UNWIND_BYTES;
    is_unwinding = true;
    wasock_bsd__start_unwind(&range);
}

__attribute__((noinline)) void wasock_bsd__switch_to(struct coroutine *other)
{
    if (!has_come_back()) {
        next = other;
        current->frames.stack_pointer = wasock_bsd__stack_pointer();
        unwind(REQUEST_SWITCH);
    }
}

__attribute__((noinline)) void wasock_bsd__switch_end(struct coroutine *other)
{
    next = other;
    unwind(REQUEST_END);
}

__attribute__((noinline)) int
wasock_bsd__switch_capture(struct frames *captured)
{
    if (has_come_back()) {
        return jump_value;
    }
    target = captured;
    captured->stack_pointer = wasock_bsd__stack_pointer();
    unwind(REQUEST_CAPTURE);
    return 0;
}

__attribute__((noinline)) void wasock_bsd__switch_jump(struct frames *captured,
                                                       int value)
{
    target = captured;
    jump_value = value;
    unwind(REQUEST_JUMP);
}

/* ---- The bottom of the stack ---- */

/* Copy what was unwound. */
static void keep(struct frames *frames)
{
    const size_t length = (size_t)(range.position - unwind_buffer);
    size_t capacity =
        frames->capacity == 0 ? FRAMES_BYTES_AT_FIRST : frames->capacity;

    while (capacity < length) {
        capacity *= 2;
    }
    if (capacity > frames->capacity) {
        free(frames->bytes);
        frames->bytes = (char *)malloc(capacity);
        if (frames->bytes == NULL) {
            wasock_bsd__die("no memory to switch threads\n");
        }
        frames->capacity = capacity;
    }
    memcpy(frames->bytes, unwind_buffer, length);
    frames->length = length;
}

/* Do what was asked for by unwinding. Returns what to rewind. */
static struct frames *follow_request(void)
{
    switch (request) {
    case REQUEST_SWITCH:
        keep(&current->frames);
        current = next;
        return &current->frames;
    case REQUEST_END:
        current = next;
        return &current->frames;
    case REQUEST_CAPTURE:
        keep(target);
        jump_value = 0;
        return target;
    case REQUEST_JUMP:
    default:
        return target;
    }
}

__attribute__((noinline)) static void enter(const struct coroutine *coroutine)
{
    coroutine->entry(coroutine->argument);
}

__attribute__((noinline)) void wasock_bsd__switch_run(struct coroutine *first)
{
    char *const stack_pointer = wasock_bsd__stack_pointer();
    struct frames *frames = &first->frames;

    current = first;
    frames->stack_pointer = stack_pointer - ROOT_BYTES;
    for (;;) {
        if (frames->length > 0) {
            range.position = frames->bytes + frames->length;
            range.end = range.position;
            is_rewinding = true;
            wasock_bsd__start_rewind(&range);
        }
        set_stack_pointer(frames->stack_pointer);
        enter(current);
        set_stack_pointer(stack_pointer);
        if (!is_unwinding) {
            return; /* the first has ended */
        }
        if (range.position > range.end) {
            wasock_bsd__die("a call stack is too deep to switch threads, or "
                            "for setjmp\n");
        }
        is_unwinding = false;
        wasock_bsd__stop_unwind();
        frames = follow_request();
    }
}
