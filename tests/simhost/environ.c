/* SPDX-License-Identifier: MIT */
/* The guest's environment, from simhost_knobs.environment. */
#include "world.h"

#include <string.h>

int32_t wasip1_environ_sizes_get(uint32_t *n_variables, uint32_t *n_bytes)
{
    const struct sim_fault fault = sim_begin(SIMHOST_ENVIRON_SIZES_GET, -1, 0);
    const char *const *variable = simhost_knobs.environment;

    if (n_variables == NULL || n_bytes == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the sizes");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (fault.error != 0) {
        return sim_end(fault.error, 0);
    }
    *n_variables = 0;
    *n_bytes = 0;
    if (fault.lie != SIMHOST_LIE_NOTHING) {
        for (; variable != NULL && *variable != NULL; variable++) {
            *n_variables += 1;
            *n_bytes += (uint32_t)strlen(*variable) + 1;
        }
    }
    if (fault.lie == SIMHOST_LIE_TOO_MUCH) {
        *n_variables = UINT32_MAX;
        *n_bytes = UINT32_MAX;
    }
    return sim_end(0, *n_variables);
}

int32_t wasip1_environ_get(char **variables, char *bytes)
{
    const struct sim_fault fault = sim_begin(SIMHOST_ENVIRON_GET, -1, 0);
    const char *const *variable = simhost_knobs.environment;

    if (variables == NULL || bytes == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the environment");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (fault.error != 0) {
        return sim_end(fault.error, 0);
    }
    for (; variable != NULL && *variable != NULL; variable++) {
        const size_t size = strlen(*variable) + 1;
        memcpy(bytes, *variable, size);
        /* A lie of any kind: pointers to nowhere. */
        *variables++ = fault.lie == 0 ? bytes : NULL;
        bytes += size;
    }
    return sim_end(0, 0);
}
