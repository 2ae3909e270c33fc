/* SPDX-License-Identifier: MIT */
/*
 * ends - look at all that will come without taking it; wait for the end of a
 * connection, and for nothing else: by poll for POLLRDHUP, by poll and by epoll
 * for errors alone. Says on standard output what each of four clients brought;
 * ends.py is the clients.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define LIMIT_MS 10000

int main(void)
{
    const char *given =
        getenv("WASOCK_LISTEN"); /* on preview1 it is the next */
    const char *port = given == NULL ? NULL : strrchr(given, ':');
    const struct sockaddr_in any = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(port == NULL ? 0 : atoi(port + 1)))};
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct epoll_event event = {.events = 0};
    const int epoll = epoll_create1(0);

    if (bind(listener, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
        listen(listener, 4) < 0) {
        perror("ends");
        return 1;
    }
    char bytes[4];
    printf("%zd peeked\n", recv(accept(listener, NULL, NULL), bytes, 4,
                                MSG_PEEK | MSG_WAITALL));
    struct pollfd wait = {accept(listener, NULL, NULL), POLLRDHUP, 0};
    int n = poll(&wait, 1, LIMIT_MS);
    printf("%d %s\n", n, wait.revents == POLLRDHUP ? "end" : "else");
    wait.fd = accept(listener, NULL, NULL);
    wait.events = 0;
    n = poll(&wait, 1, LIMIT_MS);
    printf("%d %s\n", n,
           wait.revents == (POLLERR | POLLHUP) ? "reset" : "else");
    epoll_ctl(epoll, EPOLL_CTL_ADD, accept(listener, NULL, NULL), &event);
    n = epoll_wait(epoll, &event, 1, LIMIT_MS);
    printf("%d %s\n", n,
           event.events == (EPOLLERR | EPOLLHUP) ? "reset" : "else");
    return 0;
}
