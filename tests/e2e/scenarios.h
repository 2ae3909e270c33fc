/* SPDX-License-Identifier: MIT */
/* scenarios.h - scenarios that do not stand in test_e2e.c. */
#ifndef E2E_SCENARIOS_H
#define E2E_SCENARIOS_H

#include "host.h"

/* Of a program that opens its sockets by itself. */
void connect_out(enum host host);
void connect_refused(enum host host);
void connect_in_progress(enum host host);
void connect_given_up(enum host host);
void connect_and_reset(enum host host);
void connect_denied(enum host host);
void listen_by_call(enum host host);

/* Of the listeners that a component begins with. */
void listen_denied(enum host host);
void listen_in_use(enum host host);

/* Of a program that ends by itself. */
void quit_before_accepts(enum host host);

#endif
