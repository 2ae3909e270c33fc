/* SPDX-License-Identifier: MIT */
/* binds - bind to each port that is an argument, and say what came of it. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct sockaddr_in any = {
            .sin_family = AF_INET,
            .sin_port = htons((uint16_t)atoi(argv[i])),
        };
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        const int result = bind(fd, (const struct sockaddr *)&any, sizeof(any));
        puts(result == 0              ? "bound"
             : errno == EADDRINUSE    ? "in use"
             : errno == EADDRNOTAVAIL ? "not available"
                                      : "else");
    }
    return 0;
}
