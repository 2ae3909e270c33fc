/* SPDX-License-Identifier: MIT */
/*
 * jump.c - setjmp and longjmp, with --longjmp or --threads.
 *
 * setjmp captures the call stack; longjmp goes back to it, in the same thread,
 * while the function that called setjmp has not returned. As in C, variables
 * of that function which have changed since, and are not volatile, may have
 * either value.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

#include "switch.h"

/* A capture. Its coroutine's are in a list, the innermost function's first. */
struct jump {
    struct frames frames;
    struct jump *next;
    const void *buffer; /* of setjmp */
    int line;           /* of its call */
    unsigned serial;    /* jmp_bufs may be copied: it is in there, too */
};

static unsigned last_serial;

static void free_first(struct coroutine *coroutine)
{
    struct jump *jump = coroutine->jumps;

    coroutine->jumps = jump->next;
    free(jump->frames.bytes);
    free(jump);
}

void wasock_bsd__free_jumps(struct coroutine *coroutine);
void wasock_bsd__free_jumps(struct coroutine *coroutine)
{
    while (coroutine->jumps != NULL) {
        free_first(coroutine);
    }
}

/* The capture for a call of setjmp by the function whose stack begins there:
 * the one it has, or a new one. Those of functions that have returned are
 * freed. */
static struct jump *prepare(const void *buffer, int line,
                            const char *stack_pointer)
{
    struct coroutine *coroutine = wasock_bsd__switch_current();

    if (coroutine == NULL) {
        wasock_bsd__die("setjmp is called outside of main\n");
    }
    while (coroutine->jumps != NULL &&
           coroutine->jumps->frames.stack_pointer < stack_pointer) {
        free_first(coroutine);
    }
    for (struct jump *jump = coroutine->jumps;
         jump != NULL && jump->frames.stack_pointer == stack_pointer;
         jump = jump->next) {
        if (jump->buffer == buffer && jump->line == line) {
            return jump;
        }
    }
    struct jump *jump = (struct jump *)calloc(1, sizeof(*jump));
    if (jump == NULL) {
        wasock_bsd__die("no memory for setjmp\n");
    }
    jump->buffer = buffer;
    jump->line = line;
    jump->next = coroutine->jumps;
    coroutine->jumps = jump;
    return jump;
}

/* Fill in a jmp_buf. Returns what to capture. */
static struct frames *begin(struct wasock_bsd_jmp_buf *buffer, int saves_mask,
                            int line, const char *stack_pointer)
{
    struct jump *jump = prepare(buffer, line, stack_pointer);

    jump->serial = ++last_serial;
    buffer->jump = jump;
    buffer->serial = jump->serial;
    buffer->has_mask = saves_mask != 0;
    if (saves_mask) {
        sigprocmask(SIG_BLOCK, NULL, &buffer->mask);
    }
    return &jump->frames;
}

/* Nothing of its own may be on the stack: it is another's when it returns
 * again. */
int wasock_bsd_setjmp(struct wasock_bsd_jmp_buf *buffer, int saves_mask,
                      int line)
{
    return wasock_bsd__switch_capture(
        begin(buffer, saves_mask, line, wasock_bsd__stack_pointer()));
}

/* stack_pointer: of the function that jumps: what is below has returned. */
static struct frames *find(const struct wasock_bsd_jmp_buf *buffer,
                           const char *stack_pointer)
{
    const struct coroutine *coroutine = wasock_bsd__switch_current();

    for (struct jump *jump = coroutine->jumps; jump != NULL;
         jump = jump->next) {
        if (jump == buffer->jump && jump->serial == buffer->serial &&
            jump->frames.stack_pointer >= stack_pointer) {
            return &jump->frames;
        }
    }
    wasock_bsd__die("longjmp to a function that has returned, or to another "
                    "thread's\n");
}

void longjmp(jmp_buf buffer, int value)
{
    wasock_bsd__switch_jump(find(buffer, wasock_bsd__stack_pointer()),
                            value == 0 ? 1 : value);
    __builtin_unreachable();
}

void siglongjmp(sigjmp_buf buffer, int value)
{
    if (buffer->has_mask) {
        sigprocmask(SIG_SETMASK, &buffer->mask, NULL);
    }
    longjmp(buffer, value);
}
