/* SPDX-License-Identifier: MIT */
/* Print the arguments and what the library says. */
#include <stdio.h>

#ifdef WITH_PART
const char *part(void);
#endif

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        puts(argv[i]);
    }
#ifdef WITH_PART
    puts(part());
#endif
    return 0;
}
