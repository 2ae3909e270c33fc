/* SPDX-License-Identifier: MIT */
/* exits HOW STATUS - end with a status: by exit, _exit or main's return. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const int status = argc == 3 ? atoi(argv[2]) : 99;

    if (argc == 3 && strcmp(argv[1], "exit") == 0) {
        exit(status);
    }
    if (argc == 3 && strcmp(argv[1], "_exit") == 0) {
        _exit(status);
    }
    return status;
}
