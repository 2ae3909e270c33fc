/* SPDX-License-Identifier: MIT */
/* client.h - clients of an echo server, which give up after some seconds. */
#ifndef E2E_CLIENT_H
#define E2E_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connect, trying again until somebody listens. */
int client_connect(uint16_t port);

void client_send(int fd, const void *data, size_t length);

/* Receive exactly `length` bytes. */
void client_receive(int fd, void *data, size_t length);

/* Send a text and receive it back. */
void client_echo(int fd, const char *text);

/* Whether an echo comes, and then the end, within a second each. */
bool client_is_served(int fd);

/* Nothing comes but the end of the stream (or a reset). */
void client_expect_end(int fd);

/* Close with a reset. */
void client_reset(int fd);

#endif
