/* SPDX-License-Identifier: MIT */
#ifndef WASOCK_BSD_THREADS_START_H
#define WASOCK_BSD_THREADS_START_H

#include "switch.h"

/* The coroutine that runs main. */
extern struct coroutine wasock_bsd__main;

#endif
