/* SPDX-License-Identifier: MIT */
/* facts_files - what a program may rely on of files, streams and numbers: none
 * ever means two things. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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

/* A slash at the end names a directory, whatever the host says. */
static void slashes(const char *folder)
{
    struct stat status;
    char to[4];

    FACT(chdir(folder) == 0);
    FACT(close(open("f", O_WRONLY | O_CREAT, 0600)) == 0);
    FACT(mkdir("d/", 0755) == 0 && symlink("f", "to-f") == 0);
    FACT(symlink("d", "to-d") == 0);
    FAILS(open("f/", O_RDONLY), ENOTDIR);
    FAILS(open("to-f/", O_RDONLY), ENOTDIR);
    FAILS(open("new/", O_WRONLY | O_CREAT, 0600), EISDIR);
    FAILS(open("f/", O_WRONLY | O_CREAT, 0600), EISDIR);
    FACT(fopen("f/", "r") == NULL && errno == ENOTDIR);
    FACT(opendir("f/") == NULL && errno == ENOTDIR);
    FAILS(stat("f/", &status), ENOTDIR);
    FAILS(lstat("to-f/", &status), ENOTDIR);
    FACT(stat("d/", &status) == 0 && S_ISDIR(status.st_mode));
    FACT(stat("to-d/", &status) == 0 && S_ISDIR(status.st_mode));
    FAILS(access("f/", F_OK), ENOTDIR);
    FAILS(truncate("f/", 0), ENOTDIR);
    FAILS(utimensat(AT_FDCWD, "f/", NULL, 0), ENOTDIR);
    FAILS(chdir("f/"), ENOTDIR);
    FACT(realpath("f/", NULL) == NULL && errno == ENOTDIR);
    FAILS(readlink("to-f/", to, sizeof(to)), ENOTDIR);
    FAILS(readlink("to-d/", to, sizeof(to)), EINVAL);
    FAILS(rename("f", "g/"), ENOTDIR);
    FAILS(rename("f/", "g"), ENOTDIR);
    FAILS(link("f", "g/"), ENOENT);
    FAILS(link("f/", "g"), ENOTDIR);
    FAILS(symlink("f", "g/"), ENOENT);
    FAILS(unlink("f/"), ENOTDIR);
    FAILS(rmdir("f/"), ENOTDIR);
    FAILS(unlink("to-d/"), ENOTDIR);
    FACT(stat("g", &status) < 0 && stat("f", &status) == 0);
    FACT(unlink("to-f") == 0 && unlink("to-d") == 0 && unlink("f") == 0);
    FACT(rename("d", "e/") == 0 && rename("e//", "d/") == 0);
    FACT(rmdir("d/") == 0 && chdir("/") == 0);
}

/* Now, and as it was. */
static void times(const char *path)
{
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
    const struct timespec now_and_kept[2] = {{.tv_nsec = UTIME_NOW},
                                             {.tv_nsec = UTIME_OMIT}};
    const struct timespec kept_and_now[2] = {{.tv_nsec = UTIME_OMIT},
                                             {.tv_nsec = UTIME_NOW}};
    const struct timespec bad[2] = {{.tv_nsec = -3}, {.tv_nsec = 0}};
    struct stat status;
    const int fd = open(path, O_RDWR | O_CREAT, 0644);

    FACT(futimens(fd, old) == 0 && fstat(fd, &status) == 0);
    FACT(status.st_atime == 1000 && status.st_mtime == 2000);
    FACT(futimens(fd, now_and_kept) == 0 && fstat(fd, &status) == 0);
    FACT(status.st_atime > 1000000 && status.st_mtime == 2000);
    FACT(utimensat(AT_FDCWD, path, old, 0) == 0);
    FACT(utimensat(AT_FDCWD, path, kept_and_now, 0) == 0);
    FACT(stat(path, &status) == 0 && status.st_atime == 1000);
    FACT(status.st_mtime > 1000000);
    FAILS(futimens(fd, bad), EINVAL);
    FACT(futimens(fd, NULL) == 0 && fstat(fd, &status) == 0);
    FACT(status.st_atime > 1000000);
    FACT(close(fd) == 0);
}

/* Named pipes, between the descriptors of a program. */
static void named_pipes(const char *folder)
{
    char bytes[8];
    struct stat status;
    int n_unread = -1;

    FACT(chdir(folder) == 0 && mkfifo("fifo", 0600) == 0);
    FAILS(mkfifo("fifo", 0600), EEXIST);
    FAILS(mkfifo("no-folder/fifo", 0600), ENOENT);
    FACT(stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode));
    FACT(lstat("./fifo", &status) == 0 && access("fifo", W_OK) == 0);
    FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    FAILS(open("fifo", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open("fifo", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    struct pollfd wait = {reader, POLLIN, 0};
    FACT(reader >= 0 && read(reader, bytes, 8) == 0);
    FACT(poll(&wait, 1, 0) == 0);
    const int writer = open("./fifo", O_WRONLY | O_NONBLOCK);
    FAILS(read(reader, bytes, 8), EAGAIN);
    FAILS(read(writer, bytes, 8), EBADF);
    FAILS(write(reader, "x", 1), EBADF);
    FACT(write(writer, "ping", 4) == 4 && poll(&wait, 1, 0) == 1);
    FACT(ioctl(reader, FIONREAD, &n_unread) == 0 && n_unread == 4);
    FACT(read(reader, bytes, 8) == 4 && memcmp(bytes, "ping", 4) == 0);
    FACT(fstat(reader, &status) == 0 && S_ISFIFO(status.st_mode));
    FACT(write(writer, "last", 4) == 4 && close(writer) == 0);
    FACT(poll(&wait, 1, 0) == 1 && wait.revents == (POLLIN | POLLHUP));
    FACT(read(reader, bytes, 8) == 4 && read(reader, bytes, 8) == 0);
    const int both = open("fifo", O_RDWR);
    FACT(write(both, "x", 1) == 1 && unlink("fifo") == 0);
    FAILS(stat("fifo", &status), ENOENT);
    FACT(read(both, bytes, 8) == 1 && close(reader) == 0);
    FACT(close(both) == 0 && chdir("/") == 0);
}

/* A stream does what its mode says, whatever its number can do. */
static void stream_modes(const char *path)
{
    char bytes[8];
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    FILE *in = fdopen(ends[0], "r");
    FILE *out = fdopen(dup(ends[0]), "w");
    FACT(fwrite("x", 1, 1, in) == 0 && ferror(in));
    FACT(fputs("x", in) < 0 && fputc('x', in) == EOF && fprintf(in, "x") < 0);
    FACT((errno = 0, fgetc(out)) == EOF && errno == EBADF && ferror(out));
    clearerr(out);
    FACT(fputs("abc", out) >= 0 && fflush(out) == 0);
    FACT(fclose(in) == 0 && fclose(out) == 0); /* nothing else was sent */
    FACT(read(ends[1], bytes, sizeof(bytes)) == 3 && close(ends[1]) == 0);

    FILE *file = fopen(path, "w");
    FACT(fputs("12345\n", file) >= 0 && fclose(file) == 0);
    file = fopen(path, "a+");
    rewind(file);
    FACT(fgetc(file) == '1' && fseek(file, 0, SEEK_CUR) == 0);
    FACT(ftell(file) == 1 && fputs("more\n", file) >= 0 && ftell(file) == 11);
    FACT(fflush(file) == 0 && ftell(file) == 11 && fclose(file) == 0);
    file = fopen(path, "r");
    FACT(fputc('x', file) == EOF);
    file = freopen(path, "r+", file); /* may it be written now */
    FACT(file != NULL && fputc('0', file) == '0' && fflush(file) == 0);
    file = freopen(path, "r", file);
    FACT(file != NULL && fgetc(file) == '0' && fputc('x', file) == EOF);
    file = freopen(path, "w", file);
    FACT(file != NULL && (errno = 0, fgetc(file)) == EOF && errno == EBADF);
    FACT(fputc('x', file) == 'x' && fclose(file) == 0);

    file = fopen(path, "re");
    FACT(file != NULL && fcntl(fileno(file), F_GETFD) == FD_CLOEXEC);
    FACT(fclose(file) == 0);
    file = fopen(path, "r");
    FACT(file != NULL && fcntl(fileno(file), F_GETFD) == 0);
    file = freopen(path, "we", file);
    FACT(file != NULL && fcntl(fileno(file), F_GETFD) == FD_CLOEXEC);
    FACT(fclose(file) == 0);
}

static void stream_positions(const char *path)
{
    FILE *file = fopen(path, "w");

    FACT(fputs("abc", file) >= 0 && fflush(file) == 0);
    FACT(fclose(freopen(path, "a", file)) == 0);
    file = fopen(path, "a");
    FACT(fputc('d', file) == 'd' && ftell(file) == 4); /* is not written */
    FACT(fseek(file, 1, SEEK_SET) == 0 && ftell(file) == 1);
    FACT(fclose(file) == 0);
    file = fopen(path, "r+");
    FACT(fseek(file, 2, SEEK_SET) == 0 && fputc('C', file) == 'C');
    FACT(ftell(file) == 3 && fseek(file, 0, SEEK_CUR) == 0);
    FACT(fgetc(file) == 'd' && fgetc(file) == EOF && fclose(file) == 0);
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
    FACT(open(path, O_RDONLY) == 0);
#ifdef __wasm__ /* glibc leaks a buffer */
    FACT(getchar() == EOF && lseek(0, 0, SEEK_CUR) == 0); /* not its stream's */
#endif
    FACT(close(0) == 0);
    FILE *file = fopen("/dev/null", "r"); /* takes the number */
    FACT(file != NULL && fileno(file) == 0 && fgetc(file) == EOF);
    FACT((errno = 0, isatty(0)) == 0 && errno == ENOTTY);
    FACT(lseek(0, 0, SEEK_CUR) == 0);
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
    slashes(folder);
    times(path);
    stream_modes(path);
    stream_positions(path);
    named_pipes(folder);
    appended_streams(path);
    redirected_streams(path);
    closed_streams(path);
    FACT(unlink(path) == 0 && rmdir(folder) == 0);
}
