/* SPDX-License-Identifier: MIT */
/*
 * wasock_bsd_threads.h - included before all else with wasock-cc --threads.
 *
 * wasm has one thread, so the compiler makes a _Thread_local variable a plain
 * one. In a section of their own, each thread can have a copy.
 */
#ifndef WASOCK_BSD_THREADS_H
#define WASOCK_BSD_THREADS_H

#if !defined(__cplusplus) && !defined(__ASSEMBLER__)
#define _Thread_local __attribute__((__section__("wasock_thread_local")))
#define __thread _Thread_local
#if __STDC_VERSION__ >= 202311L
#define thread_local _Thread_local
#endif
#endif

#endif
