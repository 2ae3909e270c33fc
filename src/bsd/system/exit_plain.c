/* SPDX-License-Identifier: MIT */
/*
 * exit_plain.c - _Exit and _exit by their plain names, in place of wasi-libc's:
 * what main returns comes to them in wasi-libc up to 2023. Newer ones tell the
 * host themselves, and link this nowhere.
 */
#include "exit.h"

void wasock_plain_end(int status) __asm__("_Exit")
    __attribute__((__noreturn__));
void wasock_plain_end_now(int status) __asm__("_exit")
    __attribute__((__noreturn__));

void wasock_plain_end(int status)
{
    wasock_bsd__end(status);
}

void wasock_plain_end_now(int status)
{
    wasock_bsd__end(status);
}
