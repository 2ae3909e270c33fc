/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "input.h"

void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}
