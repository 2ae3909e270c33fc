/* SPDX-License-Identifier: MIT */
/* What host calls cost, as measured on a 2-core machine, rounded. */
#include "simhost.h"

/* wasmtime 46. Reports all once one is ready: 900 ns a subscription then. */
const struct simhost_costs simhost_wasmtime_costs = {
    .call_ns =
        {
            [SIMHOST_CLOCK_TIME_GET] = 230,
            [SIMHOST_FD_FDSTAT_GET] = 700,
            [SIMHOST_FD_READ] = 1240,
            [SIMHOST_FD_WRITE] = 1770,
            [SIMHOST_SOCK_ACCEPT] = 5500,
            [SIMHOST_SOCK_RECV] = 1240,
            [SIMHOST_SOCK_SEND] = 1770,
            [SIMHOST_POLL_ONEOFF] = 1300,
        },
    .data_ns = 260,
    .subscription_ns = 200,
    .event_ns = 700,
    .wake_ns = 5000,
    .wake_subscription_ns = 200,
};

/* System calls of Linux. A poll(2) that sleeps queues itself at every
 * descriptor, and looks at each again when it wakes up. */
const struct simhost_costs simhost_native_costs = {
    .call_ns =
        {
            [SIMHOST_CLOCK_TIME_GET] = 50,
            [SIMHOST_FD_FDSTAT_GET] = 300,
            [SIMHOST_FD_READ] = 490,
            [SIMHOST_FD_WRITE] = 1500,
            [SIMHOST_SOCK_ACCEPT] = 1500,
            [SIMHOST_SOCK_RECV] = 490,
            [SIMHOST_SOCK_SEND] = 1500,
            [SIMHOST_POLL_ONEOFF] = 1000,
        },
    .data_ns = 210,
    .subscription_ns = 50,
    .wake_ns = 6000, /* 1,000 of it for the second look */
    .wake_subscription_ns = 100,
};

/* wasmtime 49 by WASI 0.2. A receive and a send are two calls each. */
const struct simhost_costs simhost_wasip2_costs = {
    .call_ns =
        {
            [SIMHOST_CLOCK_TIME_GET] = 150,
            [SIMHOST_FD_FDSTAT_GET] = 50,
            [SIMHOST_FD_READ] = 2500,
            [SIMHOST_FD_WRITE] = 4500,
            [SIMHOST_SOCK_ACCEPT] = 8000,
            [SIMHOST_SOCK_RECV] = 2500,
            [SIMHOST_SOCK_SEND] = 4500,
            [SIMHOST_POLL_ONEOFF] = 2500,
        },
    .data_ns = 260,
    .subscription_ns = 400,
    .event_ns = 100,
    .wake_ns = 6000,
    .wake_subscription_ns = 200,
};

/* wazero: estimates. */
const struct simhost_costs simhost_wazero_costs = {
    .call_ns =
        {
            [SIMHOST_CLOCK_TIME_GET] = 200,
            [SIMHOST_FD_FDSTAT_GET] = 700,
            [SIMHOST_FD_READ] = 2000,
            [SIMHOST_FD_WRITE] = 2500,
            [SIMHOST_SOCK_ACCEPT] = 5500,
            [SIMHOST_SOCK_RECV] = 2000,
            [SIMHOST_SOCK_SEND] = 2500,
            [SIMHOST_POLL_ONEOFF] = 1500,
        },
    .data_ns = 500,
    .subscription_ns = 100,
    .wake_ns = 5000,
};
