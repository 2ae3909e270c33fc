/* SPDX-License-Identifier: MIT */
/* host_kinds.h - the hosts on which the cost model measures the poller. */
#ifndef HOST_KINDS_H
#define HOST_KINDS_H

#include "simhost.h"

enum host_kind {
    BROADCAST, /* reports all that it polls once one is ready */
    TRUTHFUL,
    PRICED, /* truthful, and states its costs */
    BLIND,  /* does not check sockets */
    N_HOST_KINDS
};

static const struct {
    const char *name;
    const struct simhost_profile *profile;
    const struct simhost_costs *costs;
} host_kinds[N_HOST_KINDS] = {
    {"broadcast", &simhost_wasi_common, &simhost_wasmtime_costs},
    {"truthful", &simhost_ideal, &simhost_native_costs},
    {"priced", &simhost_priced, &simhost_wasip2_costs},
    {"blind", &simhost_wazero, &simhost_wazero_costs},
};

#endif
