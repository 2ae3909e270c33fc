/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_S 15

static int try_connect(uint16_t port)
{
    const struct timeval give_up = {.tv_sec = GIVE_UP_S};
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &give_up, sizeof(give_up));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &give_up, sizeof(give_up));
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

int client_connect(uint16_t port)
{
    const struct timespec pause = {0, 10000000};
    int fd = -1;

    /* Hosts say nothing when they listen: ask until they do. */
    for (int i = 0; i < GIVE_UP_S * 100 && fd < 0; i++) {
        fd = try_connect(port);
        if (fd < 0) {
            nanosleep(&pause, NULL);
        }
    }
    if (fd < 0) {
        fail_msg("nobody listens on port %u", port);
    }
    return fd;
}

void client_send(int fd, const void *data, size_t length)
{
    const char *bytes = data;

    while (length > 0) {
        const ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        assert_true(n > 0);
        bytes += n;
        length -= (size_t)n;
    }
}

void client_receive(int fd, void *data, size_t length)
{
    assert_int_equal(recv(fd, data, length, MSG_WAITALL), (ssize_t)length);
}

void client_echo(int fd, const char *text)
{
    char echo[256];

    client_send(fd, text, strlen(text));
    client_receive(fd, echo, strlen(text));
    assert_memory_equal(echo, text, strlen(text));
}

bool client_is_served(int fd)
{
    const struct timeval a_second = {.tv_sec = 1};
    char echo = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &a_second, sizeof(a_second));
    client_send(fd, "x", 1);
    shutdown(fd, SHUT_WR);
    const ssize_t n_echoed = recv(fd, &echo, 1, 0);
    return n_echoed == 1 && recv(fd, &echo, 1, 0) == 0;
}

void client_expect_end(int fd)
{
    char byte = 0;
    const ssize_t n = recv(fd, &byte, 1, 0);

    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

void client_reset(int fd)
{
    const struct linger at_once = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}
