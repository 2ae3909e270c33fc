/* SPDX-License-Identifier: MIT */
/*
 * local.c - _Thread_local variables, of C++ also with constructors and
 * destructors.
 *
 * The compiler calls for the address of such a variable:
 * tools/wasock-thread-local has it do so.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "thread.h"

#define N_AT_FIRST 8

/* What the compiler knows of a variable. */
struct variable {
    size_t size;
    size_t alignment;
    uintptr_t number;    /* from 1 on, once it has been used */
    const void *initial; /* NULL: zeros */
};

/* A destructor to be called at the thread's end. */
struct destructor {
    struct destructor *next;
    void (*destroy)(void *object);
    void *object;
};

void *__emutls_get_address(struct variable *variable);
int __cxa_thread_atexit(void (*destroy)(void *object), void *object,
                        const void *module);

static uintptr_t n_variables;

static void die(void)
{
    wasock_bsd__die("no memory for a _Thread_local variable\n");
}

/* Room for the addresses of all variables that there are so far. */
static void grow(struct thread *thread)
{
    size_t n = thread->n_locals == 0 ? N_AT_FIRST : thread->n_locals;

    while (n < n_variables) {
        n *= 2;
    }
    void **locals = (void **)realloc(thread->locals, n * sizeof(*locals));
    if (locals == NULL) {
        die();
    }
    memset(locals + thread->n_locals, 0,
           (n - thread->n_locals) * sizeof(*locals));
    thread->locals = locals;
    thread->n_locals = n;
}

static void *new_object(const struct variable *variable)
{
    const size_t alignment = variable->alignment < sizeof(void *)
                                 ? sizeof(void *)
                                 : variable->alignment;
    const size_t size =
        (variable->size + alignment - 1) / alignment * alignment;
    void *object = aligned_alloc(alignment, size);

    if (object == NULL) {
        die();
    }
    if (variable->initial != NULL) {
        memcpy(object, variable->initial, variable->size);
    } else {
        memset(object, 0, variable->size);
    }
    return object;
}

void *__emutls_get_address(struct variable *variable)
{
    struct thread *self = wasock_bsd__current;

    if (variable->number == 0) {
        variable->number = ++n_variables;
    }
    if (variable->number > self->n_locals) {
        grow(self);
    }
    void **local = &self->locals[variable->number - 1];
    if (*local == NULL) {
        *local = new_object(variable);
    }
    return *local;
}

int __cxa_thread_atexit(void (*destroy)(void *object), void *object,
                        const void *module)
{
    struct destructor *destructor =
        (struct destructor *)malloc(sizeof(*destructor));

    (void)module;
    if (destructor == NULL) {
        return -1;
    }
    destructor->destroy = destroy;
    destructor->object = object;
    destructor->next = wasock_bsd__current->destructors;
    wasock_bsd__current->destructors = destructor;
    return 0;
}

void wasock_bsd__destroy_locals(void)
{
    struct thread *self = wasock_bsd__current;

    while (self->destructors != NULL) {
        struct destructor *last = self->destructors;
        self->destructors = last->next;
        last->destroy(last->object);
        free(last);
    }
}

void wasock_bsd__free_locals(struct thread *thread)
{
    for (size_t i = 0; i < thread->n_locals; i++) {
        free(thread->locals[i]);
    }
    free(thread->locals);
}
