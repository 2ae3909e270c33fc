/* SPDX-License-Identifier: MIT */
/*
 * messages.h - socket pairs that keep the borders of messages: SOCK_DGRAM and
 * SOCK_SEQPACKET. pipe.c has those of streams, and is what others call.
 */
#ifndef WASOCK_BSD_FILES_MESSAGES_H
#define WASOCK_BSD_FILES_MESSAGES_H

#include "../table.h"

/* As socketpair(2), of these two types. Returns 0, or -1 with errno. */
int wasock_bsd__pair_of_messages(int type, int flags, int descriptor_flags,
                                 int fds[2]);

/* The type of an end; 0: it is none. */
int wasock_bsd__message_type(const struct description *description);

/* shutdown(2) of an end; halves of enum wasock_shutdown. */
int wasock_bsd__shut_messages(struct description *description, unsigned halves);

/* What FIONREAD reports, as on Linux: the bytes of the next datagram, or of all
 * messages of SOCK_SEQPACKET. */
ptrdiff_t wasock_bsd__unread_messages(const struct description *description);

#endif
