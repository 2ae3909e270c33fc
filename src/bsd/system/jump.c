/* SPDX-License-Identifier: MIT */
/* jump.c - longjmp of what is compiled without --longjmp. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
void longjmp(jmp_buf buffer, int value)
{
    (void)buffer;
    fprintf(stderr, "wasock: longjmp(%d) needs wasock-cc --longjmp\n", value);
    abort();
}

void siglongjmp(sigjmp_buf buffer, int value)
{
    longjmp(buffer, value);
}
