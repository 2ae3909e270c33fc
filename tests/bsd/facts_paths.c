/* SPDX-License-Identifier: MIT */
/* facts_paths - links and long paths, temporary names, devices by their path,
 * and what stat says of what is no file. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "facts.h"

/* Which compilers warn of where they see it. */
static const char *volatile no_path;

/* A path may lead through 40 links, and no more. */
static void chains_of_links(const char *folder)
{
    char name[24];
    char target[24] = "f";
    char resolved[PATH_MAX];
    char expected[PATH_MAX];

    snprintf(expected, sizeof(expected), "%s/f", folder);
    FACT(close(creat("f", 0600)) == 0);
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "link-%d", i);
        FACT(symlink(target, name) == 0);
        memcpy(target, name, sizeof(target));
    }
    FACT(realpath("link-40", resolved) == resolved);
    FACT(strcmp(resolved, expected) == 0);
    FACT(realpath("link-41", resolved) == NULL && errno == ELOOP);
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "link-%d", i);
        FACT(unlink(name) == 0);
    }
    FACT(symlink("loop-2", "loop-1") == 0 && symlink("loop-1", "loop-2") == 0);
    FACT(realpath("loop-1", NULL) == NULL && errno == ELOOP);
    FAILS(open("loop-1", O_RDONLY), ELOOP);
    FACT(unlink("loop-1") == 0 && unlink("loop-2") == 0 && unlink("f") == 0);
}

static char *made_path(char *path, size_t length, const char *last)
{
    memset(path, '/', length);
    path[0] = '.';
    memcpy(path + length - strlen(last), last, strlen(last) + 1);
    return path;
}

static void long_paths(const char *folder)
{
    static char path[PATH_MAX + 2];
    char name[NAME_MAX + 2];
    struct stat status;
    char resolved[PATH_MAX];
    char expected[PATH_MAX];

    snprintf(expected, sizeof(expected), "%s/f", folder);
    FACT(close(creat("f", 0600)) == 0);
    FACT(realpath(made_path(path, PATH_MAX - 1, "f"), resolved) == resolved);
    FACT(strcmp(resolved, expected) == 0);
    FACT(realpath(made_path(path, 1000, "f"), resolved) == resolved);
    FAILS(chdir(made_path(path, PATH_MAX, "")), ENAMETOOLONG);
    FAILS(stat(made_path(path, PATH_MAX, "f"), &status), ENAMETOOLONG);
    FAILS(open(path, O_RDONLY), ENAMETOOLONG);
    memset(name, 'n', sizeof(name));
    name[NAME_MAX + 1] = '\0';
    FAILS(open(name, O_RDONLY), ENAMETOOLONG);
    FACT(realpath(name, NULL) == NULL && errno == ENAMETOOLONG);
    FACT(unlink("f") == 0);
}

static void resolved_paths(const char *folder)
{
    char expected[PATH_MAX];
    char resolved[PATH_MAX];
    char *path = NULL;

    FACT(realpath(no_path, NULL) == NULL && errno == EINVAL);
    FACT(realpath("/", resolved) == resolved && strcmp(resolved, "/") == 0);
    FACT(realpath("/..", resolved) != NULL && strcmp(resolved, "/") == 0);
    FACT(realpath("/tmp/..", resolved) != NULL && strcmp(resolved, "/") == 0);
    FACT(realpath("/tmp/../tmp", resolved) != NULL);
    FACT(strcmp(resolved, "/tmp") == 0);
    FACT(mkdir("d", 0700) == 0 && close(creat("d/f", 0600)) == 0);
    FACT(symlink("d/.", "to-d") == 0 && symlink("../d/f", "d/to-f") == 0);
    snprintf(expected, sizeof(expected), "%s/d/f", folder);
    path = realpath("to-d/../to-d//to-f", NULL);
    FACT(path != NULL && strcmp(path, expected) == 0);
    free(path);
    FACT(realpath("d/f/..", NULL) == NULL && errno == ENOTDIR);
    FACT(realpath("d/g", NULL) == NULL && errno == ENOENT);
    FACT(realpath("g/..", NULL) == NULL && errno == ENOENT);
    FACT(chdir("to-d") == 0 && getcwd(resolved, sizeof(resolved)) == resolved);
    expected[strlen(expected) - 2] = '\0';
    FACT(strcmp(resolved, expected) == 0 && chdir(".") == 0);
    FACT(chdir("..") == 0 && unlink("to-d") == 0);
    FACT(unlink("d/to-f") == 0 && unlink("d/f") == 0 && rmdir("d") == 0);
}

static void kept_directories(void)
{
    char before[PATH_MAX];
    char after[PATH_MAX];

    FACT(mkdir("d", 0700) == 0 && mkdir("d/e", 0700) == 0);
    const int folder = open("d", O_RDONLY | O_DIRECTORY);
    const int below = openat(folder, "e", O_RDONLY | O_DIRECTORY);
    const int file = openat(folder, "f", O_RDWR | O_CREAT, 0600);
    FACT(getcwd(before, sizeof(before)) == before);
    FACT(fchdir(below) == 0 && getcwd(after, sizeof(after)) == after);
    FACT(strncmp(after, before, strlen(before)) == 0);
    FACT(strcmp(after + strlen(before), "/d/e") == 0);
    FACT(fchdir(folder) == 0 && access("f", F_OK) == 0);
    FAILS(fchdir(file), ENOTDIR);
    FAILS(fchdir(-1), EBADF);
    FACT(chdir(before) == 0);
#ifdef __wasm__ /* which knows its path alone */
    FACT(rename("d", "moved") == 0 && mkdir("d", 0700) == 0);
    FAILS(fchdir(folder), ENOENT);
    FACT(rmdir("d") == 0 && rename("moved", "d") == 0);
#endif
    FACT(close(file) == 0 && close(folder) == 0 && close(below) == 0);
    FACT(unlink("d/f") == 0 && rmdir("d/e") == 0 && rmdir("d") == 0);
}

/* Each of the six letters is any of many. */
static void random_names(void)
{
    enum { N = 40 };
    char names[N][16];
    char seen[256] = "";
    int n_seen = 0;

    for (int i = 0; i < N; i++) {
        strcpy(names[i], "n-XXXXXX");
        FACT(close(mkstemp(names[i])) == 0 && strlen(names[i]) == 8);
        FACT(unlink(names[i]) == 0);
    }
    for (int at = 2; at < 8; at++) {
        int n_different = 0;
        for (int i = 0; i < N; i++) {
            const unsigned char letter = (unsigned char)names[i][at];
            FACT(isalnum(letter));
            n_different += names[i][at] != names[0][at];
            n_seen += !seen[letter];
            seen[letter] = 1;
        }
        FACT(n_different > 0);
    }
    FACT(n_seen > 16);
    char exact[] = "XXXXXX";
    FACT(close(mkstemp(exact)) == 0 && unlink(exact) == 0);
    const char *name = tmpnam(NULL);
    FACT(name != NULL && strncmp(name, "/tmp/", 5) == 0);
    FAILS(access(name, F_OK), ENOENT);
}

static void device_paths(void)
{
    unsigned char bytes[700] = "";
    struct iovec parts[] = {{bytes, 300}, {bytes + 300, 400}};
    struct stat status;
    struct stat other;
    int n_set = 0;

    memset(&status, 0xff, sizeof(status));
    memset(&other, 0xff, sizeof(other));
    const int null = open("/dev/null", O_WRONLY | O_NONBLOCK | O_APPEND);
    FACT(stat("/dev/null", &status) == 0 && fstat(null, &other) == 0);
    FACT(status.st_mode == (S_IFCHR | 0666) && status.st_nlink == 1);
    FACT(status.st_size == 0 && status.st_blocks == 0);
    FACT(other.st_mode == status.st_mode && other.st_nlink == 1);
    FACT(access("/dev/null", R_OK | W_OK) == 0);
    FACT(lstat("/dev/zero", &status) == 0 && S_ISCHR(status.st_mode));
    FAILS(read(null, bytes, 1), EBADF);
    FACT((fcntl(null, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE)) ==
         (O_APPEND | O_NONBLOCK | O_WRONLY));
    struct pollfd one = {null, POLLIN | POLLOUT, 0};
    FACT(poll(&one, 1, 0) == 1 && one.revents == (POLLIN | POLLOUT));
    FACT(close(null) == 0);
    const int zero = open("/dev/zero", O_RDONLY);
    FAILS(write(zero, bytes, 1), EBADF);
    FACT(close(zero) == 0);
    const int random = open("/dev/urandom", O_RDONLY);
    FACT(readv(random, parts, 2) == 700 && close(random) == 0);
    for (int i = 0; i < 700; i++) {
        n_set += bytes[i] != 0;
    }
    FACT(n_set > 600);
    for (int end = 2; end <= 700; end += 349) { /* the last of each part */
        int n_tries = 0;
        do {
            bytes[end - 1] = 0;
            FACT(getrandom(bytes, (size_t)end, 0) == end);
        } while (bytes[end - 1] == 0 && ++n_tries < 8);
        FACT(bytes[end - 1] != 0);
    }
    FAILS(getrandom(bytes, 1, 0x4000), EINVAL);
    FAILS(open("/dev/nullx", O_RDONLY), ENOENT);
}

/* /dev/stdout and its like are other names of the numbers. */
static void standard_paths(void)
{
    struct stat status;
    const int kept = dup(1);
    const int fd = open("output", O_RDWR | O_CREAT | O_TRUNC, 0600);

    FACT(fflush(stdout) == 0 && dup2(fd, 1) == 1);
    const int out = open("/dev/stdout", O_WRONLY);
    const int in = open("/dev/stdin", O_RDONLY);
    FACT(dup2(kept, 1) == 1 && out > 2 && write(out, "x", 1) == 1);
    FACT(fstat(fd, &status) == 0 && status.st_size == 1);
    FACT(in > 2 && close(in) == 0 && close(out) == 0);
    FACT(close(fd) == 0 && close(kept) == 0 && unlink("output") == 0);
}

/* What stat says of what has no path. */
static void nameless_kinds(void)
{
    struct stat status;
    int ends[2];

    FACT(pipe(ends) == 0);
    memset(&status, 0xff, sizeof(status));
    FACT(fstat(ends[0], &status) == 0 && status.st_nlink == 1);
    FACT(status.st_mode == (S_IFIFO | 0600) && status.st_size == 0);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    for (int type = 0; type < 3; type++) {
        const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
        FACT(socketpair(AF_UNIX, types[type], 0, ends) == 0);
        memset(&status, 0xff, sizeof(status));
        FACT(fstat(ends[1], &status) == 0 && status.st_nlink == 1);
        FACT(status.st_mode == (S_IFSOCK | 0777) && status.st_size == 0);
        FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    }
    FACT(mkfifo("fifo", 0600) == 0);
    memset(&status, 0xff, sizeof(status));
    FACT(stat("fifo", &status) == 0 && status.st_size == 0);
    FACT(status.st_mode == (S_IFIFO | 0600) && status.st_nlink == 1);
    const int both = open("fifo", O_RDWR);
    memset(&status, 0xff, sizeof(status));
    FACT(fstat(both, &status) == 0 && status.st_size == 0);
    FACT(status.st_mode == (S_IFIFO | 0600) && status.st_nlink == 1);
    FACT(close(both) == 0 && unlink("fifo") == 0);
}

static void failed_copies(void)
{
    off_t offset = 0;
    int ends[2];
    const int source = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int writer = open("source", O_WRONLY);
    const int target = open("target", O_RDWR | O_CREAT | O_TRUNC, 0600);

    FACT(write(source, "abcdef", 6) == 6 && lseek(source, 1, SEEK_SET) == 1);
    FAILS(sendfile(target, writer, &offset, 1), EBADF);
    FAILS(sendfile(source, writer, NULL, 1), EBADF);
    FACT(pipe(ends) == 0);
    FACT(sendfile(ends[1], source, NULL, 4) == 4);
    FACT(lseek(source, 0, SEEK_CUR) == 5);
    FACT(close(ends[0]) == 0);
    FAILS(sendfile(ends[1], source, &offset, 1), EPIPE);
    FACT(offset == 0 && close(ends[1]) == 0);
    FACT(copy_file_range(source, NULL, target, NULL, 1, 0) == 1);
    FACT(lseek(source, 0, SEEK_CUR) == 6 && lseek(target, 0, SEEK_CUR) == 1);
    FAILS(copy_file_range(writer, NULL, target, NULL, 1, 0), EBADF);
    FACT(close(source) == 0 && close(writer) == 0 && close(target) == 0);
    FACT(unlink("source") == 0 && unlink("target") == 0);
}

void path_facts(void)
{
    char folder[] = "/tmp/wasock-paths-XXXXXX";

    FACT(mkdtemp(folder) == folder && chdir(folder) == 0);
    chains_of_links(folder);
    long_paths(folder);
    resolved_paths(folder);
    kept_directories();
    random_names();
    device_paths();
    standard_paths();
    nameless_kinds();
    failed_copies();
    FACT(chdir("/") == 0 && rmdir(folder) == 0);
}
