/* SPDX-License-Identifier: MIT */
/* env.c - the environment. */
#include "component.h"

#include <wasock/err.h>

struct wasock__environment *wasock__environment(void)
{
    static struct wasock__environment environment;
    static bool is_read;

    if (!is_read) {
        is_read = true;
        wasock__land_kept();
        wasock__version_environment(&environment);
        wasock__land_end();
    }
    return &environment;
}

/* With "=" and the final zero. */
static size_t length_of(const struct wasock__variable *variable)
{
    return variable->name_length + 1 + variable->value_length + 1;
}

int32_t wasip1_environ_sizes_get(uint32_t *n_variables, uint32_t *n_bytes)
{
    const struct wasock__environment *environment = wasock__environment();

    wasock__open_listeners(); /* it replaces the ports that the host chose */
    *n_variables = (uint32_t)environment->n_variables;
    *n_bytes = 0;
    for (size_t i = 0; i < environment->n_variables; i++) {
        *n_bytes += (uint32_t)length_of(&environment->variables[i]);
    }
    return 0;
}

int32_t wasip1_environ_get(char **variables, char *bytes)
{
    const struct wasock__environment *environment = wasock__environment();

    wasock__open_listeners();
    for (size_t i = 0; i < environment->n_variables; i++) {
        const struct wasock__variable *variable = &environment->variables[i];
        variables[i] = bytes;
        __builtin_memcpy(bytes, variable->name, variable->name_length);
        bytes += variable->name_length;
        *bytes++ = '=';
        __builtin_memcpy(bytes, variable->value, variable->value_length);
        bytes += variable->value_length;
        *bytes++ = '\0';
    }
    return 0;
}
