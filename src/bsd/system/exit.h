/* SPDX-License-Identifier: MIT */
/* exit.h - the statuses with which a program ends. */
#ifndef WASOCK_BSD_SYSTEM_EXIT_H
#define WASOCK_BSD_SYSTEM_EXIT_H

/* End now, with the host's exit code for a status. */
void wasock_bsd__end(int status) __attribute__((__noreturn__));

#endif
