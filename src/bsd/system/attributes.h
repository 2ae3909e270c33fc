/* SPDX-License-Identifier: MIT */
/* attributes.h - what pthread_create reads of attributes. */
#ifndef WASOCK_BSD_SYSTEM_ATTRIBUTES_H
#define WASOCK_BSD_SYSTEM_ATTRIBUTES_H

#include <pthread.h>

#define WASOCK_BSD_DETACH_STATE(attributes) ((attributes)->__u.__i[2])

#endif
