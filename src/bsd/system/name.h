/* SPDX-License-Identifier: MIT */
/* name.h - what the program is called. */
#ifndef WASOCK_BSD_SYSTEM_NAME_H
#define WASOCK_BSD_SYSTEM_NAME_H

/* The last part of argv[0]; "" if the host has no arguments. */
const char *wasock_bsd__program_name(void);

#endif
