/* SPDX-License-Identifier: MIT */
/*
 * wasock_bsd_rename.h - how these headers replace a function.
 *
 * WASOCK_BSD(read) behind a declaration of read gives it another name in the
 * object file, wasock_bsd_read. In C it keeps its own, so that members of
 * structures called read, pointers to it and the libc's own read are untouched:
 * nothing is interposed by the linker.
 */
#ifndef WASOCK_BSD_RENAME_H
#define WASOCK_BSD_RENAME_H

#define WASOCK_BSD(name) __asm__("wasock_bsd_" #name)

#endif
