/* SPDX-License-Identifier: MIT */
/*
 * slices - send four million bytes, in a thousand slices, to a client that does
 * not keep up: by writev on a blocking connection, then by sendmsg on one that
 * is not. slices.py is the client, and compares.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define N_SLICES 1024
#define SLICE_BYTES 4099
#define TOTAL (N_SLICES * SLICE_BYTES)

static unsigned char bytes[TOTAL];

/* Slices of all from an offset on; returns how many. */
static int cut(struct iovec slices[N_SLICES], size_t offset)
{
    int n = 0;

    while (offset < TOTAL) {
        const size_t length = SLICE_BYTES - offset % SLICE_BYTES;
        slices[n].iov_base = bytes + offset;
        slices[n].iov_len = length;
        offset += length;
        n++;
    }
    return n;
}

static size_t send_nonblocking(int fd, struct iovec slices[N_SLICES])
{
    size_t n_sent = 0;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (n_sent < TOTAL) {
        struct msghdr message = {.msg_iov = slices};
        struct pollfd wait = {fd, POLLOUT, 0};
        message.msg_iovlen = cut(slices, n_sent);
        const ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            break;
        }
        n_sent += n > 0 ? (size_t)n : 0;
        poll(&wait, 1, 10000);
    }
    return n_sent;
}

int main(void)
{
    const char *given =
        getenv("WASOCK_LISTEN"); /* on preview1 it is the next */
    const char *port = given == NULL ? NULL : strrchr(given, ':');
    const struct sockaddr_in any = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(port == NULL ? 0 : atoi(port + 1)))};
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    static struct iovec slices[N_SLICES];

    for (size_t i = 0; i < TOTAL; i++) {
        bytes[i] = (unsigned char)(i % 251);
    }
    if (bind(listener, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
        listen(listener, 2) < 0) {
        perror("slices");
        return 1;
    }
    int fd = accept(listener, NULL, NULL);
    printf("%zd\n", writev(fd, slices, cut(slices, 0)));
    close(fd);
    fd = accept(listener, NULL, NULL);
    printf("%zu\n", send_nonblocking(fd, slices));
    close(fd);
    return 0;
}
