/* SPDX-License-Identifier: MIT */
/*
 * plain.h - functions that no wasi-libc has, under their plain names as well.
 *
 * A configure script looks for epoll_ctl without a header, by linking a
 * program that calls it. The plain names are weak: a libc that has the
 * function after all keeps its own.
 */
#ifndef WASOCK_BSD_PLAIN_H
#define WASOCK_BSD_PLAIN_H

/* After the definition of a function that a header renames. */
#define WASOCK_BSD_PLAIN(name)                                                 \
    extern __typeof__(name) wasock_plain_##name __asm__(#name)                 \
        __attribute__((weak, alias("wasock_bsd_" #name)))

#endif
