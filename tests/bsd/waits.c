/* SPDX-License-Identifier: MIT */
/* waits.c PROFILE - the waits of event loops beside other threads, on a
 * simulated host. */
#include "waits.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int join(struct crowd *crowd, unsigned events)
{
    const int number = crowd->n++;
    struct epoll_event event = {.events = events, .data.u32 = (unsigned)number};

    CHECK(number < N_CROWD_MAX);
    crowd->peers[number] = simhost_connect(HOST_LISTENER, SIMHOST_NOW);
    crowd->fds[number] = accept4(listeners[0], NULL, NULL, SOCK_NONBLOCK);
    CHECK(crowd->fds[number] >= 0);
    CHECK(epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, crowd->fds[number], &event) ==
          0);
    return number;
}

void open_crowd(struct crowd *crowd, int n)
{
    crowd->epoll = epoll_create1(0);
    CHECK(crowd->epoll >= 0);
    crowd->n = 0;
    for (int i = 0; i < n; i++) {
        join(crowd, EPOLLIN);
    }
}

void close_crowd(struct crowd *crowd)
{
    for (int i = 0; i < crowd->n; i++) {
        close(crowd->fds[i]);
    }
    CHECK(close(crowd->epoll) == 0);
}

pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

void *result_of(pthread_t thread)
{
    void *result = NULL;

    CHECK(pthread_join(thread, &result) == 0);
    return result;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    choose_host(argv[1]);
    wake_facts();
    cost_facts();
    close(listeners[0]);
    close(listeners[1]);
    return 0;
}
