/* SPDX-License-Identifier: MIT */
/* facts_files - what a program may rely on of files, streams and numbers: none
 * ever means two things. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts.h"

/* One open file has one offset and one set of flags, by whatever number. */
static void shared_offsets(const char *path)
{
    char bytes[16] = "";
    struct stat status;
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    FACT(fd >= 0 && write(fd, "hello world", 11) == 11);
    FACT(lseek(fd, 0, SEEK_SET) == 0);
    const int copy = dup(fd);
    FACT(read(copy, bytes, 5) == 5 && lseek(fd, 0, SEEK_CUR) == 5);
    FACT(fcntl(copy, F_SETFL, O_APPEND) == 0);
    FACT(fcntl(fd, F_GETFL) & O_APPEND);
    FACT((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    FACT(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1);
    FACT(lseek(copy, 0, SEEK_CUR) == 12);
    FACT(fcntl(fd, F_SETFL, 0) == 0 && (fcntl(copy, F_GETFL) & O_APPEND) == 0);
    FACT(close(fd) == 0 && fstat(copy, &status) == 0 && status.st_size == 12);
    FAILS(lseek(copy, 0, 99), EINVAL);
    FAILS(lseek(copy, -1, SEEK_SET), EINVAL);
    FACT(close(copy) == 0);
}

static void modes(const char *path, const char *folder)
{
    char byte = 0;
    const int reader = open(path, O_RDONLY);
    const int writer = open(path, O_WRONLY | O_APPEND);
    const int directory = open(folder, O_RDONLY | O_DIRECTORY);

    FAILS(write(reader, "x", 1), EBADF);
    FAILS(read(writer, &byte, 1), EBADF);
    FACT((fcntl(reader, F_GETFL) & O_ACCMODE) == O_RDONLY);
    FACT((fcntl(writer, F_GETFL) & O_ACCMODE) == O_WRONLY);
    FACT(fcntl(writer, F_GETFL) & O_APPEND);
    FAILS(ftruncate(reader, 1), EINVAL);
    FAILS(read(directory, &byte, 1), EISDIR);
    FAILS(open(folder, O_WRONLY), EISDIR);
    FAILS(open(path, O_RDONLY | O_DIRECTORY), ENOTDIR);
    FACT(close(reader) == 0 && close(writer) == 0 && close(directory) == 0);
}

static void empty_paths(void)
{
    struct stat status;

    FAILS(open("", O_RDONLY), ENOENT);
    FAILS(openat(AT_FDCWD, "", O_RDONLY), ENOENT);
    FAILS(stat("", &status), ENOENT);
    FAILS(lstat("", &status), ENOENT);
    FAILS(access("", F_OK), ENOENT);
    FAILS(fstatat(AT_FDCWD, "", &status, 0), ENOENT);
    FAILS(faccessat(AT_FDCWD, "", F_OK, 0), ENOENT);
    FACT(fopen("", "r") == NULL && errno == ENOENT);
    FACT(opendir("") == NULL && errno == ENOENT);
    FAILS(mkdir("", 0755), ENOENT);
    FAILS(rmdir(""), ENOENT);
    FAILS(unlink(""), ENOENT);
    FAILS(rename("", "x"), ENOENT);
    FAILS(truncate("", 0), ENOENT);
    FAILS(chdir(""), ENOENT);
    FAILS(utimensat(AT_FDCWD, "", NULL, 0), ENOENT);
}

/* Where one is has no dots, wherever one came from. */
static void directories(const char *folder)
{
    char current[PATH_MAX];
    char before[PATH_MAX];
    struct stat status;

    FACT(getcwd(before, sizeof(before)) == before);
    FACT(chdir(folder) == 0 && getcwd(current, sizeof(current)) == current);
    FACT(strcmp(current, folder) == 0);
    FACT(stat("file", &status) == 0 && status.st_blksize > 0);
    FAILS(chdir("file"), ENOTDIR);
    FACT(chdir("..") == 0 && getcwd(current, sizeof(current)) == current);
    FACT(strcmp(current, "/tmp") == 0);
    FACT(chdir(before) == 0);
    FAILS(unlink(folder), EISDIR);
    FACT(mkdirat(AT_FDCWD, "/tmp/wasock-facts-removed", 0755) == 0);
    FACT(remove("/tmp/wasock-facts-removed") == 0);
}

static void appended_streams(const char *path)
{
    FILE *file = fopen(path, "w");

    FACT(file != NULL && fputs("abc\n", file) >= 0 && ftell(file) == 4);
    FACT(fclose(file) == 0);
    FACT(fopen(path, "wx") == NULL && errno == EEXIST);
    file = fopen(path, "a");
    FACT(file != NULL && ftell(file) == 4);
    FACT(fputs("def\n", file) >= 0 && ftell(file) == 8);
    file = freopen(path, "a", file);
    FACT(file != NULL && ftell(file) == 8);
    FACT(fcntl(fileno(file), F_GETFL) & O_APPEND);
    FACT(fclose(file) == 0);
}

/* The length of a file, after what stdio has buffered went there. */
static off_t length_of(int fd)
{
    FACT(fflush(stdout) == 0);
    return lseek(fd, 0, SEEK_END);
}

/* printf writes to number 1, perror to 2, whatever those stand for. */
static void redirected_streams(const char *path)
{
    FACT(fflush(stdout) == 0);
    const int kept_out = dup(1);
    const int kept_err = dup(2);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    FACT(dup2(fd, 1) == 1 && dup2(fd, 2) == 2);
    FACT(printf("%s\n", "one") == 4 && puts("two") >= 0 && putchar('3') == '3');
    off_t length = length_of(fd);
    errno = EPIPE;
    perror("four");
    fputs("five", stderr);
    const off_t longer = lseek(fd, 0, SEEK_END);
    FACT(dup2(kept_out, 1) == 1 && dup2(kept_err, 2) == 2);
    FACT(length == 9);
    FACT(longer == 9 + 6 + (off_t)strlen(strerror(EPIPE)) + 1 + 4);
    FACT(close(fd) == 0);
    FACT(close(1) == 0);
    FACT(open(path, O_RDWR | O_TRUNC) == 1); /* the lowest that is free */
    FACT(printf("six") == 3);
    length = length_of(1);
    FACT(freopen(path, "w", stdout) == stdout && fileno(stdout) == 1);
    FACT(printf("seven") == 5 && fflush(stdout) == 0);
    FACT(write(1, "8", 1) == 1);
    const off_t reopened = length_of(1);
    FACT(dup2(kept_out, 1) == 1);
    FACT(length == 3 && reopened == 6);
    FACT(close(kept_out) == 0 && close(kept_err) == 0);
}

static void closed_streams(const char *path)
{
    FACT(freopen(path, "r", stdin) == stdin && getchar() == 's');
    FACT(freopen(path, "r", stdin) == stdin && getchar() == 's');
    FACT(fileno(stdin) == 0 && fclose(stdin) == 0);
    FAILS(fcntl(0, F_GETFD), EBADF);
    FACT(open("/dev/null", O_RDONLY) == 0);
}

void file_facts(void)
{
    char folder[] = "/tmp/wasock-files-XXXXXX";
    char path[PATH_MAX];

    FACT(mkdtemp(folder) == folder);
    snprintf(path, sizeof(path), "%s/file", folder);
    shared_offsets(path);
    modes(path, folder);
    empty_paths();
    directories(folder);
    appended_streams(path);
    redirected_streams(path);
    closed_streams(path);
    FACT(unlink(path) == 0 && rmdir(folder) == 0);
}
