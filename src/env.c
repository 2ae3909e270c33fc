/* SPDX-License-Identifier: MIT */
#include <wasock/env.h>

#include <stdint.h>

#include <wasock/err.h>

#include "wasip1.h"

/* The host's environment in the caller's buffer. */
struct environment {
    char **variables;
    char *bytes;
    uint32_t n_variables;
    uint32_t n_bytes;
};

/* What the buffer must hold wherever it begins: padding, the pointers, the
 * bytes, and a zero of our own behind them. */
static uint64_t needed_bytes(const struct environment *environment)
{
    return sizeof(char *) - 1 +
           ((uint64_t)environment->n_variables * sizeof(char *)) +
           environment->n_bytes + 1;
}

static int fetch(struct environment *environment, char *buffer)
{
    const size_t misalignment = (uintptr_t)buffer % sizeof(char *);

    if (misalignment != 0) {
        buffer += sizeof(char *) - misalignment;
    }
    environment->variables = (char **)(void *)buffer;
    environment->bytes = buffer + (environment->n_variables * sizeof(char *));
    environment->bytes[environment->n_bytes] = '\0';
    return -wasip1_environ_get(environment->variables, environment->bytes);
}

/* The value, where `variable` is "name=value"; else NULL. */
static const char *value_of(const char *variable, const char *name)
{
    while (*name != '\0' && *variable == *name) {
        variable++;
        name++;
    }
    return *name == '\0' && *variable == '=' ? variable + 1 : NULL;
}

static int find_value(const struct environment *environment, const char *name,
                      const char **value)
{
    for (uint32_t i = 0; i < environment->n_variables; i++) {
        const char *variable = environment->variables[i];
        if ((uintptr_t)variable - (uintptr_t)environment->bytes >
            environment->n_bytes) {
            return -WASOCK_EHOST;
        }
        *value = value_of(variable, name);
        if (*value != NULL) {
            return 0;
        }
    }
    return -WASOCK_ENOENT;
}

ptrdiff_t wasock_env_read(const char *name, char *buffer, size_t capacity,
                          size_t *needed_capacity)
{
    struct environment environment = {0};
    const char *value = NULL;
    ptrdiff_t length = 0;

    const int32_t error = wasip1_environ_sizes_get(&environment.n_variables,
                                                   &environment.n_bytes);
    if (error != 0) {
        return -(ptrdiff_t)error;
    }
    const uint64_t needed = needed_bytes(&environment);
    if (needed > PTRDIFF_MAX) {
        return -WASOCK_EHOST;
    }
    if (needed_capacity != NULL) {
        *needed_capacity = (size_t)needed;
    }
    if (capacity < needed) {
        return -WASOCK_ESTORAGE;
    }
    int result = fetch(&environment, buffer);
    if (result != 0) {
        return result;
    }
    result = find_value(&environment, name, &value);
    if (result != 0) {
        return result;
    }
    while ((buffer[length] = value[length]) != '\0') {
        length++;
    }
    return length;
}
