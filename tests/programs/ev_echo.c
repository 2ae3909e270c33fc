/* SPDX-License-Identifier: MIT */
/* An echo server on libev: ev_echo PORT BACK-END. When a timer has ticked ten
 * times it says which back end it runs on. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ev.h"

#define N_TICKS 10

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    char buffer[4096];
    const ssize_t n = read(watcher->fd, buffer, sizeof(buffer));

    (void)events;
    if (n <= 0 || write(watcher->fd, buffer, (size_t)n) != n) {
        ev_io_stop(loop, watcher);
        close(watcher->fd);
        free(watcher);
    }
}

static void on_client(struct ev_loop *loop, ev_io *watcher, int events)
{
    const int fd = accept(watcher->fd, NULL, NULL);
    ev_io *client = fd < 0 ? NULL : malloc(sizeof(*client));

    (void)events;
    if (client != NULL) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
        ev_io_init(client, on_readable, fd, EV_READ);
        ev_io_start(loop, client);
    }
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    static int n_ticks;

    (void)timer;
    (void)events;
    if (++n_ticks == N_TICKS) {
        fprintf(stderr, "10 ticks on back end %u\n", ev_backend(loop));
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct ev_loop *loop =
        ev_default_loop(argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ev_io listener;
    ev_timer timer;

    if (loop == NULL || argc < 2) {
        fprintf(stderr, "no such back end, or no port\n");
        return 1;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 64) != 0) {
        perror("bind");
        return 1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ev_io_init(&listener, on_client, fd, EV_READ);
    ev_io_start(loop, &listener);
    ev_timer_init(&timer, on_tick, 0.02, 0.02);
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
    return 0;
}
