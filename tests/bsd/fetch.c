/* SPDX-License-Identifier: MIT */
/*
 * fetch - a small HTTP client, as one is written for POSIX: look up the host,
 * try its addresses until one connects within a time, ask, and write the body
 * on standard output.
 *
 *   fetch HOST PORT PATH
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 10000

/* Connect to one address. Returns the socket, or -1 with errno. */
static int connect_to(const struct addrinfo *address)
{
    int error = 0;
    socklen_t length = sizeof(error);
    const int fd =
        socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    struct pollfd wait = {fd, POLLOUT, 0};

    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
        error = errno;
        if (error == EINPROGRESS) {
            error = poll(&wait, 1, TIMEOUT_MS) == 1 ? 0 : ETIMEDOUT;
            if (error == 0) {
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
            }
        }
    }
    if (error != 0 || fcntl(fd, F_SETFL, 0) < 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int connect_to_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(host, port, &hints, &found);
    int fd = -1;

    if (error != 0) {
        fprintf(stderr, "fetch: %s: %s\n", host, gai_strerror(error));
        return -1;
    }
    for (const struct addrinfo *one = found; one != NULL && fd < 0;
         one = one->ai_next) {
        fd = connect_to(one);
    }
    if (fd < 0) {
        fprintf(stderr, "fetch: %s: %s\n", host, strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

/* Copy what comes behind the head of the answer. Returns whether it is a
 * success. */
static int copy_body(FILE *answer)
{
    char bytes[65536];
    size_t n = 0;
    int status = 0;

    if (fgets(bytes, sizeof(bytes), answer) == NULL ||
        sscanf(bytes, "HTTP/%*s %d", &status) != 1) {
        return 0;
    }
    while (fgets(bytes, sizeof(bytes), answer) != NULL &&
           strcmp(bytes, "\r\n") != 0) {
    }
    while ((n = fread(bytes, 1, sizeof(bytes), answer)) > 0) {
        fwrite(bytes, 1, n, stdout);
    }
    return status == 200 && !ferror(answer) && fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: fetch HOST PORT PATH\n");
        return 1;
    }
    const int fd = connect_to_any(argv[1], argv[2]);
    if (fd < 0) {
        return 1;
    }
    dprintf(fd, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argv[3], argv[1]);
    FILE *answer = fdopen(fd, "r");
    const int is_success = answer != NULL && copy_body(answer);
    fclose(answer);
    return !is_success;
}
