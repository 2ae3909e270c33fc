/* SPDX-License-Identifier: MIT */
/*
 * pairs - nothing is lost by calls that come in pairs, however often; and
 * where memory has run out calls fail with an error, and the program goes on.
 * It has 8 MiB, of whatever host.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "facts.h"

#define N_TIMES 200
#define LOSS_MAX_BYTES 1000 /* less than the smallest block each time */

int n_facts;
int n_failed;

/* Close a number that was opened; errno stays that of what failed before. */
static bool one(int fd)
{
    const int error = errno;
    const bool is_closed = fd >= 0 && close(fd) == 0;

    errno = error;
    return is_closed;
}

static bool two(int first, int second)
{
    const bool is_closed = one(first);

    return one(second) && is_closed;
}

/* What was taken of the memory. */
static void **chain;

/* Take all, but for some bytes. Returns how much that was. */
static size_t take_memory(size_t n_left)
{
    size_t n_taken = 0;
    void *left = n_left > 0 ? malloc(n_left) : NULL;

    for (size_t n = (size_t)1 << 22; n >= sizeof(void *);) {
        void **part = (void **)malloc(n);
        if (part == NULL) {
            n /= 2;
            continue;
        }
        *part = (void *)chain;
        chain = part;
        n_taken += n;
    }
    free(left);
    return n_taken;
}

static void give_back(void)
{
    while (chain != NULL) {
        void **next = (void **)*chain;
        free((void *)chain);
        chain = next;
    }
}

/* ---- Pairs of calls: each returns whether it went well ---- */

static bool file(void)
{
    return one(open("file", O_RDWR | O_CREAT, 0600));
}

static bool folder(void)
{
    return one(open(".", O_RDONLY | O_DIRECTORY));
}

static bool device(void)
{
    return one(open("/dev/null", O_RDONLY));
}

static bool directory(void)
{
    DIR *stream = opendir(".");
    const bool is_numbered = stream != NULL && dirfd(stream) > 2;
    const int error = errno;

    if (stream != NULL) {
        closedir(stream);
    }
    errno = error;
    return is_numbered;
}

static bool numbered_directory(void)
{
    const int fd = open(".", O_RDONLY | O_DIRECTORY);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (stream == NULL) {
        one(fd);
        return false;
    }
    return closedir(stream) == 0;
}

static bool pipe_of_bytes(void)
{
    int ends[2];

    if (pipe(ends) < 0) {
        return false;
    }
    const bool is_written = write(ends[1], "x", 1) == 1;
    return two(ends[1], ends[0]) && is_written;
}

static bool pair_of(int type)
{
    int ends[2];

    if (socketpair(AF_UNIX, type, 0, ends) < 0) {
        return false;
    }
    const bool is_written = write(ends[1], "x", 1) == 1;
    return two(ends[0], ends[1]) && is_written;
}

static bool stream_pair(void)
{
    return pair_of(SOCK_STREAM);
}

static bool message_pair(void)
{
    return pair_of(SOCK_DGRAM);
}

static bool tcp(void)
{
    return one(socket(AF_INET, SOCK_STREAM, 0));
}

static bool events(void)
{
    return one(eventfd(1, 0));
}

static bool timer(void)
{
    return one(timerfd_create(CLOCK_MONOTONIC, 0));
}

static bool signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return one(signalfd(-1, &set, 0));
}

static bool epoll(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    const int fd = epoll_create1(0);
    const int watched = eventfd(0, 0);

    const bool is_added = fd >= 0 && watched >= 0 &&
                          epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event) == 0;
    return two(watched, fd) && is_added;
}

static bool stream(void)
{
    FILE *opened = fopen("file", "w");

    return opened != NULL && fclose(opened) == 0;
}

static bool numbered_stream(void)
{
    const int fd = open("file", O_RDONLY);
    FILE *opened = fd < 0 ? NULL : fdopen(fd, "r");

    if (opened == NULL) {
        one(fd);
        return false;
    }
    return fclose(opened) == 0;
}

static bool lock(void)
{
    const int fd = open("file", O_RDWR);
    const bool is_locked = fd >= 0 && flock(fd, LOCK_EX) == 0 &&
                           flock(fd, LOCK_UN) == 0 && flock(fd, LOCK_SH) == 0;

    return one(fd) && is_locked;
}

static bool fifo(void)
{
    struct stat status;
    const bool is_made = mkfifo("fifo", 0600) == 0;
    const int both = is_made ? open("fifo", O_RDWR) : -1;
    const bool is_there =
        both >= 0 && access("fifo", F_OK) == 0 && stat("fifo", &status) == 0;
    const int error = errno;

    if (is_made) {
        give_back(); /* unlink needs some as well */
        unlink("fifo");
    }
    errno = error;
    return one(both) && is_there;
}

static bool existing_fifo(void)
{
    const bool is_made = mkfifo("fifo", 0600) == 0;
    const bool is_again = is_made && mkfifo("fifo", 0600) == 0;
    const int error = errno;

    give_back(); /* unlink needs some as well */
    unlink("fifo");
    errno = error;
    return is_made && !is_again && (error == EEXIST || error == ENOMEM);
}

static bool real_path(void)
{
    char *path = realpath(".", NULL);

    free(path);
    return path != NULL;
}

static bool change_directory(void)
{
    return chdir(".") == 0;
}

static bool mapping(void)
{
    const int fd = open("file", O_RDONLY);
    void *map =
        fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);

    return one(fd) && map != MAP_FAILED && munmap(map, 1) == 0;
}

static bool formatted(void)
{
    const int null = open("/dev/null", O_WRONLY);
    const bool is_written = null >= 0 && dprintf(null, "%d", 1) == 1;

    return one(null) && is_written;
}

static const struct pair {
    const char *name;
    bool (*call)(void);
} pairs[] = {
    {"file", file},
    {"folder", folder},
    {"device", device},
    {"directory", directory},
    {"numbered directory", numbered_directory},
    {"pipe", pipe_of_bytes},
    {"stream pair", stream_pair},
    {"message pair", message_pair},
    {"tcp", tcp},
    {"eventfd", events},
    {"timerfd", timer},
    {"signalfd", signals},
    {"epoll", epoll},
    {"stream", stream},
    {"numbered stream", numbered_stream},
    {"lock", lock},
    {"fifo", fifo},
    {"existing fifo", existing_fifo},
    {"real path", real_path},
    {"change of directory", change_directory},
    {"mapping", mapping},
    {"formatted", formatted},
};
#define N_PAIRS (sizeof(pairs) / sizeof(pairs[0]))

static size_t free_memory(void)
{
    const size_t n = take_memory(0);

    give_back();
    return n;
}

static void nothing_is_lost(const struct pair *pair)
{
    bool is_well = pair->call();
    const size_t before = free_memory();

    for (int i = 0; i < N_TIMES; i++) {
        is_well = is_well && pair->call();
    }
    FACT(is_well);
    FACT(free_memory() + LOSS_MAX_BYTES > before);
}

/* With less than it needs a call fails, and leaves nothing behind: with enough
 * it goes well again. */
static void fails_without_memory(const struct pair *pair)
{
    const size_t lefts[] = {0, 48, 128, 300, 700, 2000, 9000, 40000};

    for (size_t i = 0; i < sizeof(lefts) / sizeof(lefts[0]); i++) {
        take_memory(lefts[i]);
        errno = 0;
        const bool is_well = pair->call();
        const int error = errno;
        give_back();
        FACT(is_well || error == ENOMEM || error == ENOBUFS || error == ENOLCK);
        FACT(pair->call());
    }
    const int fd = open("/dev/null", O_RDONLY);
    FACT(fd == 3); /* no number was left behind */
    FACT(close(fd) == 0);
}

int main(void)
{
    char folder_name[] = "/tmp/wasock-memory-XXXXXX";

    FACT(mkdtemp(folder_name) == folder_name && chdir(folder_name) == 0);
    FACT(file());
    for (size_t i = 0; i < N_PAIRS; i++) {
        const int n_before = n_failed;
        nothing_is_lost(&pairs[i]);
        fails_without_memory(&pairs[i]);
        if (n_failed > n_before) {
            printf("    of: %s\n", pairs[i].name);
        }
    }
    FACT(unlink("file") == 0 && chdir("/") == 0 && rmdir(folder_name) == 0);
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed == 0 ? 0 : 1;
}
