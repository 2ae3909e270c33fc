/* SPDX-License-Identifier: MIT */
/* Call functions through pointers of other types, as C programs do that ignore
 * an argument or a result. */
#include <stdio.h>

typedef int (*function)(int, const char *, double);

static int with_all(int a, const char *text, double b)
{
    return a + text[0] + (int)b;
}

static int with_one(int a)
{
    return a + 1;
}

static void without_result(void)
{
    puts("without a result");
}

static void (*const functions[])(void) = {
    (void (*)(void))with_all,
    (void (*)(void))with_one,
    without_result,
};

int main(int argc, char **argv)
{
    const int wanted[] = {7 + '/' + 2, 7 + 1};
    for (int i = 0; i < 2; i++) {
        const function call = (function)functions[(i + argc - 1) % 3];
        const int got = call(7, "/", 2.5);
        if (got != wanted[i]) {
            printf("%d: %d, not %d\n", i, got, wanted[i]);
            return 1;
        }
    }
    ((function)functions[argc + 1])(0, argv[0], 0);
    return 0;
}
