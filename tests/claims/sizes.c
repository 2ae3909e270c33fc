/* SPDX-License-Identifier: MIT */
/* Each symbol here is as large as what it is named after: sizes.py reads it. */
#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#define SIZE_OF(type)                                                          \
    extern char size_of_##type[];                                              \
    char size_of_##type[sizeof(struct type)]
#define SIZE_AS(name, size)                                                    \
    extern char size_of_##name[];                                              \
    char size_of_##name[size]

SIZE_OF(wasock_addr);
SIZE_OF(wasock_conn);
SIZE_OF(wasock__fakenet_block);
SIZE_OF(wasock__fakenet_socket);
SIZE_OF(wasock_fakenet);
SIZE_OF(wasock_listener);
SIZE_OF(wasock_names);
SIZE_OF(wasock_poll_item);
SIZE_OF(wasock_pollable);
SIZE_OF(wasock_poller);
SIZE_OF(wasock_poller_event);
SIZE_OF(wasock_preopen);
SIZE_OF(wasock_preopen_counts);
SIZE_OF(wasock_socket);

/* One more connection in a poller: the object and its registration. */
SIZE_AS(polled_connection, sizeof(struct wasock_conn) + WASOCK_POLLER_SIZE(2) -
                               WASOCK_POLLER_SIZE(1));
