/* SPDX-License-Identifier: MIT */
/*
 * crowd.c - a server whose threads wait in every way: main accepts, a thread
 * for each connection reads and writes, a worker waits for a condition, and
 * another one for an epoll instance.
 *
 * A line that begins with "w" is answered by the worker, any other by the
 * connection's thread. After "epoll" the connection is that thread's. "quit"
 * ends the program.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct job {
    struct job *next;
    char line[200];
    int fd;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_job = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static int n_served;
static int epoll;

static void *work(void *argument)
{
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (jobs == NULL) {
            pthread_cond_wait(&has_job, &mutex);
        }
        struct job *job = jobs;
        jobs = job->next;
        pthread_mutex_unlock(&mutex);
        dprintf(job->fd, "worker: %s\n", job->line);
        free(job);
        pthread_mutex_lock(&mutex);
    }
    return argument;
}

static void give(int fd, const char *line)
{
    struct job *job = calloc(1, sizeof(*job));
    struct job **last = &jobs;

    job->fd = fd;
    snprintf(job->line, sizeof(job->line), "%s", line);
    pthread_mutex_lock(&mutex);
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = job;
    n_served++;
    pthread_cond_signal(&has_job);
    pthread_mutex_unlock(&mutex);
}

/* Read a line. Returns its length, or 0 at the end. */
static size_t read_line(int fd, char *line, size_t capacity)
{
    size_t length = 0;

    while (length + 1 < capacity && read(fd, line + length, 1) == 1) {
        if (line[length] == '\n') {
            break;
        }
        length++;
    }
    line[length] = '\0';
    return length;
}

static void *serve(void *argument)
{
    const int fd = (int)(intptr_t)argument;
    char line[200];

    while (read_line(fd, line, sizeof(line)) > 0) {
        if (strcmp(line, "quit") == 0) {
            printf("served %d\n", n_served);
            exit(0);
        }
        if (strcmp(line, "epoll") == 0) {
            struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event); /* as it waits */
            return NULL;
        }
        if (line[0] == 'w') {
            give(fd, line);
            continue;
        }
        n_served++;
        usleep(100);
        if (write(fd, line, strlen(line)) < 0 || write(fd, "\n", 1) < 0) {
            break;
        }
    }
    close(fd);
    return NULL;
}

static void *serve_by_epoll(void *argument)
{
    struct epoll_event event;

    while (epoll_wait(epoll, &event, 1, -1) == 1) {
        char bytes[1000];
        const ssize_t n = read(event.data.fd, bytes, sizeof(bytes));
        if (n <= 0 || write(event.data.fd, bytes, (size_t)n) != n) {
            close(event.data.fd);
        }
    }
    return argument;
}

/* The port that the host gave, or that a test keeps for us. */
static int port(void)
{
    const char *address = getenv("WASOCK_LISTEN");

    return address == NULL ? 8080 : atoi(strrchr(address, ':') + 1);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;

    address.sin_port = htons((uint16_t)port());
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    epoll = epoll_create1(0);
    pthread_create(&thread, NULL, work, NULL);
    pthread_create(&thread, NULL, serve_by_epoll, NULL);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fd < 0 ||
            pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0) {
            perror("accept");
            return 1;
        }
        pthread_detach(thread);
    }
}
