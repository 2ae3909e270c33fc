/* SPDX-License-Identifier: MIT */
/* memory_files - calls on files and streams, for memory.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "facts.h"
#include "memory.h"

#define FILE_NAME "/tmp/wasock-memory"
#define FIFO_NAME "/tmp/wasock-fifo"

/* A file, which close_file closes again. */
static int open_named(void)
{
    return open(FILE_NAME, O_RDWR | O_CREAT, 0600);
}

static int close_stream(FILE *file)
{
    return file == NULL ? -1 : fclose(file);
}

static int open_file(void)
{
    const int fd = open_named();

    return fd < 0 ? -1 : close(fd);
}

static int open_stream(void)
{
    return close_stream(fopen(FILE_NAME, "w"));
}

/* The number stays the caller's where there is no stream. */
static int stream_of_number(void)
{
    const int fd = open_named();
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    const int error = errno;

    if (fd >= 0 && file == NULL) {
        FACT(close(fd) == 0);
        errno = error;
    }
    return close_stream(file);
}

static int reopen_stream(void)
{
    FILE *file = fopen(FILE_NAME, "w");

    return file == NULL ? -1 : close_stream(freopen(FILE_NAME, "r", file));
}

static int open_temporary(void)
{
    return close_stream(tmpfile());
}

static int print_to_number(void)
{
    const int fd = open_named();
    const int n = fd < 0 ? -1 : dprintf(fd, "%s %d", "abc", 7);
    const int error = errno;

    FACT(fd < 0 || close(fd) == 0);
    errno = error;
    return n;
}

static int open_directory(void)
{
    DIR *directory = opendir("/tmp");

    return directory == NULL ? -1 : closedir(directory);
}

/* The number stays the caller's where there is no stream. */
static int directory_of_number(void)
{
    const int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const int error = errno;

    if (fd >= 0 && directory == NULL) {
        FACT(close(fd) == 0);
        errno = error;
    }
    return directory == NULL ? -1 : closedir(directory);
}

static int number_of_directory(void)
{
    DIR *directory = opendir("/tmp");
    const int fd = directory == NULL ? -1 : dirfd(directory);
    const int error = errno;

    FACT(directory == NULL || closedir(directory) == 0);
    errno = error;
    return fd;
}

/* Without memory it is still there, and can be removed later. */
static void remove_fifo(void)
{
    const int error = errno;

    FACT(unlink(FIFO_NAME) == 0 || (errno == ENOMEM && unlink(FIFO_NAME) == 0));
    errno = error;
}

static int make_fifo(void)
{
    const int result = mkfifo(FIFO_NAME, 0600);

    if (result == 0) {
        remove_fifo();
    }
    return result;
}

static void keep_fifo(void)
{
    FACT(mkfifo(FIFO_NAME, 0600) == 0);
}

static int open_fifo(void)
{
    const int fd = open(FIFO_NAME, O_RDWR | O_CREAT, 0600);
    const int error = errno;

    FACT(fd < 0 || close(fd) == 0);
    errno = error;
    remove_fifo();
    return fd;
}

static int look_at_fifo(void)
{
    struct stat status;
    const int result = stat(FIFO_NAME, &status);

    FACT(result < 0 || S_ISFIFO(status.st_mode));
    remove_fifo();
    return result;
}

static int ask_for_fifo(void)
{
    const int result = access(FIFO_NAME, F_OK);

    remove_fifo();
    return result;
}

static int resolve(void)
{
    char *path = realpath("/tmp/../tmp/.", NULL);

    FACT(path == NULL || strcmp(path, "/tmp") == 0);
    free(path);
    return path == NULL ? -1 : 0;
}

static int change_directory(void)
{
    return chdir("/tmp") < 0 ? -1 : chdir("/");
}

static int current_directory(void)
{
    char *path = get_current_dir_name();

    free(path);
    return path == NULL ? -1 : 0;
}

static int lock_file(void)
{
    const int fd = open_named();
    const int result = fd < 0 ? -1 : flock(fd, LOCK_EX);
    const int error = errno;

    FACT(fd < 0 || close(fd) == 0);
    errno = error;
    return result;
}

static int map_memory(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return map == MAP_FAILED ? -1 : munmap(map, 4096);
}

/* A message that cannot be composed is lost, and nothing else. */
static int log_nothing(void)
{
    syslog(LOG_DEBUG, "memory");
    return 0;
}

const struct call file_calls[] = {
    {"open, a file", NULL, open_file},
    {"fopen", NULL, open_stream},
    {"fdopen", NULL, stream_of_number},
    {"freopen", NULL, reopen_stream},
    {"tmpfile", NULL, open_temporary},
    {"dprintf", NULL, print_to_number},
    {"opendir", NULL, open_directory},
    {"fdopendir", NULL, directory_of_number},
    {"dirfd", NULL, number_of_directory},
    {"mkfifo", NULL, make_fifo},
    {"open, a named pipe", keep_fifo, open_fifo},
    {"stat, a named pipe", keep_fifo, look_at_fifo},
    {"access, a named pipe", keep_fifo, ask_for_fifo},
    {"realpath", NULL, resolve},
    {"chdir", NULL, change_directory},
    {"get_current_dir_name", NULL, current_directory},
    {"flock", NULL, lock_file},
    {"mmap", NULL, map_memory},
    {"syslog", NULL, log_nothing},
};
const size_t n_file_calls = sizeof(file_calls) / sizeof(file_calls[0]);
