/* SPDX-License-Identifier: MIT */
/* facts_io - reads and writes at a position and of several parts, copies,
 * mappings, directories as streams and numbers, temporary names, and stdio. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "facts.h"

/* Which compilers warn of where they see it. */
static volatile int negative = -1;

static void positions(void)
{
    char bytes[16] = "";
    struct iovec parts[] = {{bytes, 2}, {bytes + 8, 0}, {bytes + 4, 3}};
    const struct iovec slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    const int fd = open("vectors", O_RDWR | O_CREAT, 0600);
    int ends[2];

    FACT(pwritev(fd, slices, 3, 1) == 5 && lseek(fd, 0, SEEK_CUR) == 0);
    FACT(pwritev(fd, slices, 0, 1) == 0 && pwritev(fd, slices, 1, 4) == 2);
    FACT(pread(fd, bytes, 16, 0) == 6 && memcmp(bytes, "\0abcab", 6) == 0);
    memset(bytes, '#', sizeof(bytes));
    FACT(preadv(fd, parts, 3, 1) == 5 && memcmp(bytes, "ab##cab#", 8) == 0);
    FACT(preadv(fd, parts, 3, 3) == 3 && memcmp(bytes, "ca##bab#", 8) == 0);
    FACT(preadv(fd, parts, 3, 5) == 1 && memcmp(bytes, "ba##bab#", 8) == 0);
    FACT(preadv(fd, parts, 3, 6) == 0 && preadv(fd, parts, 0, 0) == 0);
    FACT(lseek(fd, 0, SEEK_CUR) == 0);
    FAILS(preadv(fd, parts, negative, 0), EINVAL);
    FAILS(pwritev(fd, slices, negative, 0), EINVAL);
    FAILS(preadv(fd, parts, 3, -1), EINVAL);
    FAILS(pwritev(fd, slices, 3, -1), EINVAL);
    FAILS(preadv(-1, parts, 3, 0), EBADF);
    FAILS(pwritev(-1, slices, 3, 0), EBADF);
    FACT(readv(fd, parts, 3) == 5 && memcmp(bytes, "\0a##bcab", 4) == 0);
    FACT(readv(fd, parts, 3) == 1 && bytes[0] == 'b' && bytes[1] == 'a');
    FAILS(lseek(fd, 6, SEEK_DATA), ENXIO);
    FAILS(lseek(fd, -1, SEEK_DATA), ENXIO);
    FACT(lseek(fd, 0, SEEK_DATA) == 0 && lseek(fd, 0, SEEK_HOLE) == 6);
    FACT(lseek(fd, 0, SEEK_CUR) == 6);
    FACT(writev(fd, slices, 3) == 5 && lseek(fd, 0, SEEK_CUR) == 11);
    FACT(close(fd) == 0 && pipe(ends) == 0);
    FAILS(preadv(ends[0], parts, 3, 0), ESPIPE);
    FAILS(pwritev(ends[1], slices, 3, 0), ESPIPE);
    FAILS(lseek(ends[0], 0, SEEK_DATA), ESPIPE);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void bad_vectors(void)
{
    static char byte;
    static struct iovec many[IOV_MAX + 1];
    struct iovec parts[] = {{&byte, 1}, {&byte, SIZE_MAX / 2}};
    const int zero = open("/dev/zero", O_RDWR);

    for (int i = 0; i <= IOV_MAX; i++) {
        many[i].iov_base = &byte;
        many[i].iov_len = 1;
    }
    FACT(readv(zero, many, IOV_MAX) == IOV_MAX);
    FACT(writev(zero, many, IOV_MAX) == IOV_MAX);
    FACT(readv(zero, many, 0) == 0 && writev(zero, many, 0) == 0);
    FAILS(readv(zero, many, IOV_MAX + 1), EINVAL);
    FAILS(writev(zero, many, IOV_MAX + 1), EINVAL);
    FAILS(readv(zero, many, negative), EINVAL);
    FAILS(writev(zero, many, negative), EINVAL);
#ifdef __wasm__ /* Linux cuts them to what one call may move */
    FAILS(readv(zero, parts, 2), EINVAL);
    FAILS(writev(zero, parts, 2), EINVAL);
#endif
    parts[1].iov_len = SIZE_MAX;
    FAILS(readv(zero, parts, 2), EINVAL);
    FAILS(writev(zero, parts, 2), EINVAL);
    FACT(close(zero) == 0);
}

/* What is for files says so of a pipe, and of no number. */
static void syncs(void)
{
    struct stat status;
    int ends[2];
    const int fd = open("synced", O_RDWR | O_CREAT | O_TRUNC | O_SYNC, 0600);
    const int data = open("synced", O_WRONLY | O_DSYNC);

    FACT(pipe(ends) == 0);
    FACT(write(fd, "abc", 3) == 3 && write(fd, "", 0) == 0);
    FACT(pwrite(fd, "X", 1, 1) == 1 && write(data, "Y", 1) == 1);
    FACT((fcntl(data, F_GETFL) & O_DSYNC) != 0);
    FACT(fsync(fd) == 0 && fdatasync(fd) == 0 && syncfs(fd) == 0);
    FAILS(fsync(ends[0]), EINVAL);
    FAILS(fdatasync(ends[0]), EINVAL);
    FAILS(fsync(-1), EBADF);
    FAILS(fdatasync(-1), EBADF);
    FAILS(syncfs(-1), EBADF);
    FAILS(ftruncate(ends[1], 0), EINVAL);
    FAILS(ftruncate(-1, 0), EBADF);
    FACT(ftruncate(fd, 5) == 0 && fstat(fd, &status) == 0);
    FACT(status.st_size == 5 && status.st_blksize > 0);
    FAILS(ftruncate(fd, -1), EINVAL);
    const int error = posix_fallocate(fd, 0, 9);
    FACT(error == 0 || error == EOPNOTSUPP); /* not each host does it */
    FACT(fstat(fd, &status) == 0 && status.st_size == (error == 0 ? 9 : 5));
    FACT(posix_fallocate(ends[1], 0, 9) == ESPIPE);
    FACT(posix_fallocate(-1, 0, 9) == EBADF);
    FACT(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
    FACT(posix_fadvise(fd, 0, 0, 99) == EINVAL);
    FACT(posix_fadvise(fd, 0, 0, -1) == EINVAL);
    FACT(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL) == 0);
    FACT(posix_fadvise(fd, 0, 0, POSIX_FADV_NOREUSE) == 0);
    FACT(posix_fadvise(ends[0], 0, 0, POSIX_FADV_SEQUENTIAL) == ESPIPE);
    FACT(posix_fadvise(-1, 0, 0, POSIX_FADV_SEQUENTIAL) == EBADF);
    FACT((errno = 0, isatty(fd)) == 0 && errno == ENOTTY);
    FACT((errno = 0, isatty(ends[0])) == 0 && errno == ENOTTY);
    FACT((errno = 0, isatty(-1)) == 0 && errno == EBADF);
    FAILS(futimens(-1, NULL), EBADF);
    FACT(close(fd) == 0 && close(data) == 0);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(truncate("synced", 2) == 0 && stat("synced", &status) == 0);
    FACT(status.st_size == 2);
}

/* What a file has left can be asked for, as of a pipe. */
static void unread_bytes(void)
{
    int n = -1;
    const int fd = open("synced", O_RDWR | O_TRUNC);
    const int null = open("/dev/null", O_RDONLY);

    FACT(write(fd, "12345", 5) == 5);
    FACT(ioctl(fd, FIONREAD, &n) == 0 && n == 0);
    FACT(lseek(fd, 2, SEEK_SET) == 2);
    FACT(ioctl(fd, FIONREAD, &n) == 0 && n == 3);
    FACT(lseek(fd, 0, SEEK_SET) == 0);
    FACT(ioctl(fd, FIONREAD, &n) == 0 && n == 5);
    FAILS(ioctl(null, FIONREAD, &n), ENOTTY);
    FAILS(ioctl(-1, FIONREAD, &n), EBADF);
    FAILS(ioctl(fd, TIOCGWINSZ, &n), ENOTTY);
    FACT(close(fd) == 0 && close(null) == 0);
}

static void changed_flags(void)
{
    char bytes[8];
    const int fd = open("flags", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int other = open("flags", O_RDONLY | O_APPEND);
    int ends[2];

    FACT(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
    FACT(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    FACT(write(fd, "d", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0);
    FACT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    FACT(write(fd, "A", 1) == 1); /* no longer at the end */
    FACT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    FACT(write(fd, "B", 1) == 1);
    FACT(fcntl(fd, F_SETFL, O_APPEND) == 0 && write(fd, "e", 1) == 1);
    FACT((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
    FACT(pread(other, bytes, 8, 0) == 5 && memcmp(bytes, "ABcde", 5) == 0);
    FACT(fcntl(other, F_SETFL, O_TRUNC | O_RDWR) == 0);
    FACT((fcntl(other, F_GETFL) & (O_ACCMODE | O_APPEND)) == O_RDONLY);
    FACT(fcntl(fd, F_DUPFD, 0) > 2);
    FAILS(fcntl(fd, F_DUPFD, -1), EINVAL);
    FAILS(fcntl(fd, F_DUPFD_CLOEXEC, -1), EINVAL);
    FAILS(fcntl(fd, 9999), EINVAL);
    FAILS(fcntl(fd, F_GETPIPE_SZ), EBADF);
    FAILS(fcntl(fd, F_SETPIPE_SZ, 4096), EBADF);
    FACT(pipe(ends) == 0 && fcntl(ends[1], F_GETPIPE_SZ) == 65536);
    FAILS(fcntl(ends[0], F_SETPIPE_SZ, -1), EINVAL);
    FACT(fcntl(ends[0], F_SETPIPE_SZ, 65536) == 65536);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(close(fd) == 0 && close(other) == 0 && unlink("flags") == 0);
}

/* Where the lower numbers stand for something else after dup2. */
static void opened_paths(void)
{
    char bytes[8];
    int fd = creat("created", 0600);

    FACT(fd >= 0 && write(fd, "abc", 3) == 3);
    FAILS(read(fd, bytes, 1), EBADF);
    FACT(close(fd) == 0);
    fd = creat("created", 0600);
    FACT(fd >= 0 && lseek(fd, 0, SEEK_END) == 0 && write(fd, "x", 1) == 1);
    FACT(close(fd) == 0);
    FAILS(open("created", O_CREAT | O_DIRECTORY, 0600), EINVAL);
    FAILS(open("created", O_CREAT | O_EXCL, 0600), EEXIST);
    fd = open("created", O_PATH | O_TRUNC);
    FACT(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == 0);
    FAILS(lseek(fd, 0, SEEK_SET), EBADF);
    FAILS(pread(fd, bytes, 1, 0), EBADF);
    FAILS(pwrite(fd, bytes, 1, 0), EBADF);
    FAILS(ftruncate(fd, 0), EBADF);
    FAILS(fsync(fd), EBADF);
    FAILS(ioctl(fd, FIONREAD, bytes), EBADF);
    FACT(close(fd) == 0);
    fd = open("created", O_RDONLY);
    FACT(fd >= 0 && read(fd, bytes, 8) == 1 && bytes[0] == 'x');
    FAILS(openat(fd, "x", O_RDONLY), ENOTDIR);
    FAILS(openat(-1, "x", O_RDONLY), EBADF);
    FACT(close(fd) == 0 && unlink("created") == 0);
}

static ssize_t given(int fd, char *bytes)
{
    const ssize_t n = pread(fd, bytes, 64, 0);

    bytes[n > 0 ? n : 0] = '\0';
    return n;
}

static void copies(void)
{
    char bytes[65];
    off_t from = 2;
    off_t to = 1;
    struct stat status;
    const int source = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int target = open("target", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int appends = open("target", O_WRONLY | O_APPEND);
    const int folder = open(".", O_RDONLY | O_DIRECTORY);

    FACT(write(source, "0123456789", 10) == 10);
    FACT(lseek(source, 0, SEEK_SET) == 0);
    FACT(copy_file_range(source, NULL, target, NULL, 3, 0) == 3);
    FACT(lseek(source, 0, SEEK_CUR) == 3 && lseek(target, 0, SEEK_CUR) == 3);
    FACT(copy_file_range(source, &from, target, NULL, 2, 0) == 2 && from == 4);
    FACT(lseek(source, 0, SEEK_CUR) == 3 && lseek(target, 0, SEEK_CUR) == 5);
    FACT(copy_file_range(source, NULL, target, &to, 1, 0) == 1 && to == 2);
    FACT(lseek(source, 0, SEEK_CUR) == 4 && lseek(target, 0, SEEK_CUR) == 5);
    FACT(given(target, bytes) == 5 && strcmp(bytes, "03223") == 0);
    FACT(copy_file_range(source, NULL, target, NULL, 100, 0) == 6);
    FACT(copy_file_range(source, NULL, target, NULL, 100, 0) == 0);
    FACT(copy_file_range(source, NULL, target, NULL, 0, 0) == 0);
    FACT(given(target, bytes) == 11 && strcmp(bytes, "03223456789") == 0);
    from = 0;
    to = 5;
    FACT(copy_file_range(source, &from, source, &to, 5, 0) == 5);
    FACT(given(source, bytes) == 10 && strcmp(bytes, "0123401234") == 0);
    FACT(from == 5 && to == 10);
    from = 1;
    to = 5;
    FAILS(copy_file_range(source, &from, source, &to, 5, 0), EINVAL);
    FAILS(copy_file_range(source, &to, source, &from, 5, 0), EINVAL);
    FACT(copy_file_range(source, &to, source, &from, 4, 0) == 4);
    FACT(given(source, bytes) == 10 && strcmp(bytes, "0012301234") == 0);
    FAILS(copy_file_range(source, NULL, target, NULL, 1, 1), EINVAL);
    FAILS(copy_file_range(source, NULL, appends, NULL, 1, 0), EBADF);
    FAILS(copy_file_range(folder, NULL, target, NULL, 1, 0), EISDIR);
    FAILS(copy_file_range(source, NULL, folder, NULL, 1, 0), EISDIR);
    FAILS(copy_file_range(-1, NULL, target, NULL, 1, 0), EBADF);
    FAILS(copy_file_range(source, NULL, -1, NULL, 1, 0), EBADF);
    from = -1;
    FACT(copy_file_range(source, &from, target, NULL, 1, 0) == -1);
    FACT(copy_file_range(source, NULL, target, &from, 1, 0) == -1);
    FACT(lseek(target, 0, SEEK_SET) == 0 && ftruncate(target, 0) == 0);
    from = 4;
    FACT(sendfile(target, source, &from, 4) == 4 && from == 8);
    FACT(lseek(target, 0, SEEK_CUR) == 4);
    FACT(given(target, bytes) == 4 && strcmp(bytes, "3012") == 0);
    FAILS(sendfile(appends, source, &from, 1), EINVAL);
    FAILS(sendfile(target, -1, NULL, 1), EBADF);
    FAILS(sendfile(-1, source, NULL, 1), EBADF);
    FACT(sendfile(target, source, NULL, 0) == 0);
    /* More than one part of it. */
    FACT(ftruncate(source, 100000) == 0);
    from = 0;
    FACT(sendfile(target, source, &from, 99999) == 99999 && from == 99999);
    FACT(fstat(target, &status) == 0 && status.st_size == 100003);
    FACT(close(source) == 0 && close(target) == 0 && close(appends) == 0);
    FACT(close(folder) == 0 && unlink("source") == 0 && unlink("target") == 0);
}

/* A socket that is full takes a part, and the offset says which. */
static void copies_to_full_sockets(void)
{
    static char bytes[1 << 16];
    off_t offset = 0;
    ssize_t n_read = 0;
    int pair[2];
    const int source = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    FACT(ftruncate(source, 1 << 22) == 0);
    const ssize_t n = sendfile(pair[0], source, &offset, 1 << 22);
    FACT(n > 0 && n < 1 << 22 && offset == n);
    FAILS(sendfile(pair[0], source, &offset, 1), EAGAIN);
    FACT(offset == n);
    for (ssize_t now = 1; now > 0;) {
        now = read(pair[1], bytes, sizeof(bytes));
        n_read += now > 0 ? now : 0;
    }
    FACT(n_read == n && errno == EAGAIN);
    FACT(sendfile(pair[0], source, &offset, 1) == 1 && offset == n + 1);
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0 && close(source) == 0);
    FACT(unlink("source") == 0);
}

static void mappings(void)
{
    char byte = 0;
    int ends[2];
    const int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);

    FACT(pipe(ends) == 0 && write(fd, "mapped", 6) == 6);
    char *map = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, fd, 0);
    FACT(map != MAP_FAILED && memcmp(map, "mapped", 6) == 0);
    FACT(lseek(fd, 0, SEEK_CUR) == 6);
    FACT(madvise(map, 6, MADV_SEQUENTIAL) == 0);
    FACT(madvise(map, 6, MADV_NORMAL) == 0);
    FACT(madvise(map, 6, MADV_WILLNEED) == 0);
    FAILS(madvise(map, 6, 9999), EINVAL);
    FAILS(madvise(map, 6, -1), EINVAL);
    FACT(posix_madvise(map, 6, POSIX_MADV_RANDOM) == 0);
    FACT(posix_madvise(map, 6, 9999) == EINVAL);
    FACT(munmap(map, 6) == 0);
    char *none = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FACT(none != MAP_FAILED && none[0] == 0 && none[8191] == 0);
    FACT(munlock(none, 8192) == 0 && munlockall() == 0);
    FACT(munmap(none, 8192) == 0);
    FACT(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, ends[0], 0) == MAP_FAILED &&
         (errno == ENODEV || errno == EACCES));
    FACT(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED &&
         errno == EBADF);
#ifdef __wasm__ /* which has no pages */
    FAILS(msync(&byte, 1, MS_SYNC), ENOSYS);
    FAILS(mlock(&byte, 1), ENOSYS);
    FAILS(mlockall(MCL_CURRENT), ENOSYS);
    FAILS(madvise(&byte, 1, MADV_DONTNEED), EINVAL);
#endif
    (void)byte;
    FACT(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(unlink("mapped") == 0);
}

/* The names in a directory, but for . and .., each a letter. */
static int letters_in(DIR *directory)
{
    int all = 0;

    for (const struct dirent *one = readdir(directory); one != NULL;
         one = readdir(directory)) {
        all |= one->d_name[0] == '.' ? 0 : 1 << (one->d_name[0] - 'a');
    }
    return all;
}

static void directory_streams(void)
{
    struct stat here;
    struct stat there;

    FACT(mkdir("many", 0700) == 0 && chdir("many") == 0);
    FACT(close(creat("a", 0600)) == 0 && mkdir("b", 0700) == 0);
    FACT(close(creat("c", 0600)) == 0 && chdir("..") == 0);
    const int fd = open("many", O_RDONLY | O_DIRECTORY);
    const int next = dup(fd);
    FACT(close(next) == 0);
    DIR *first = fdopendir(fd);
    DIR *second = opendir("many");
    FACT(first != NULL && dirfd(first) == fd && letters_in(first) == 7);
    FACT(second != NULL && letters_in(second) == 7);
    const int number = dirfd(second);
    FACT(number >= 0 && number != fd && dirfd(second) == number);
    FACT(fstat(number, &here) == 0 && stat("many", &there) == 0);
    FACT(S_ISDIR(here.st_mode) && here.st_ino == there.st_ino);
    FACT(unlinkat(number, "c", 0) == 0);
    FACT(faccessat(fd, "a", F_OK, 0) == 0);
    FAILS(faccessat(fd, "c", F_OK, 0), ENOENT);
    rewinddir(first);
    FACT(letters_in(first) == 3);
    FACT(closedir(first) == 0);
    FAILS(fcntl(fd, F_GETFD), EBADF); /* closed with its stream */
    FACT(fcntl(number, F_GETFD) >= 0 && dirfd(second) == number);
    DIR *third = opendir("many");
    FACT(third != NULL && dirfd(third) != number);
    FACT(closedir(second) == 0 && letters_in(third) == 3);
    FAILS(fcntl(number, F_GETFD), EBADF);
    FACT(closedir(third) == 0);
    const int again = open("/dev/null", O_RDONLY);
    FACT(again == next || again < next); /* no number was left behind */
    FACT(close(again) == 0);
    const int file = open("many/a", O_RDONLY);
    FACT(fdopendir(file) == NULL && errno == ENOTDIR && close(file) == 0);
    FACT(fdopendir(-1) == NULL && errno == EBADF);
    FACT(opendir("nobody") == NULL && errno == ENOENT);
    FACT(opendir("many/a") == NULL && errno == ENOTDIR);
    FACT(unlink("many/a") == 0 && rmdir("many/b") == 0 && rmdir("many") == 0);
}

static void temporary_names(void)
{
    char name[] = "temporary-XXXXXX";
    char other[] = "temporary-XXXXXX";
    char folder[] = "XXXXXX";
    char bad[] = "temporary-XXXXX";
    char tail[] = "temporary-XXXXXX.c";
    char missing[] = "nobody/XXXXXX";
    struct stat status;
    char text[8] = "";
    const int fd = mkstemp(name);
    const int appends = mkostemp(other, O_APPEND | O_CLOEXEC);

    FACT(fd >= 0 && strncmp(name, "temporary-", 10) == 0);
    FACT(strlen(name) == 16 && strcmp(name + 10, "XXXXXX") != 0);
    FACT(strcmp(name, other) != 0 && stat(other, &status) == 0);
    FACT(fcntl(appends, F_GETFD) == FD_CLOEXEC);
    FACT((fcntl(appends, F_GETFL) & O_APPEND) != 0);
    FACT((fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)) == O_RDWR);
    FACT(stat(name, &status) == 0 && S_ISREG(status.st_mode));
    FACT(mkdtemp(folder) == folder && stat(folder, &status) == 0);
    FACT(S_ISDIR(status.st_mode) && rmdir(folder) == 0);
    FAILS(mkstemp(bad), EINVAL);
    FAILS(mkstemp(tail), EINVAL);
    FAILS(mkstemp(text), EINVAL);
    FAILS(mkstemp(missing), ENOENT);
    FACT(mkdtemp(strcpy(missing, "nobody/XXXXXX")) == NULL && errno == ENOENT);
    FACT(close(fd) == 0 && close(appends) == 0);
    FACT(unlink(name) == 0 && unlink(other) == 0);
    FILE *file = tmpfile();
    FACT(file != NULL && fputs("kept", file) >= 0);
    rewind(file);
    FACT(fgets(text, 8, file) == text && strcmp(text, "kept") == 0);
    FACT(fstat(fileno(file), &status) == 0 && status.st_nlink == 0);
    FACT(fclose(file) == 0);
}

static int prints(int fd, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int n = vdprintf(fd, format, arguments);
    va_end(arguments);
    return n;
}

static int vprints(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int n = vprintf(format, arguments);
    va_end(arguments);
    return n;
}

/* What printf, puts and their like write where 1 stands for a file. */
static void standard_output(void)
{
    char text[65];

    FACT(fflush(stdout) == 0);
    const int kept = dup(1);
    const int kept_errors = dup(2);
    const int fd = open("output", O_RDWR | O_CREAT | O_TRUNC, 0600);
    FACT(dup2(fd, 1) == 1);
    const int n = printf("%d,", 12);
    const int n_more = vprints("%s,", "abc");
    const int is_put = puts("line");
    const int put = putchar('x');
    const int put_more = putchar_unlocked('y');
    const int is_flushed = fflush(stdout);
    FACT(dup2(kept, 1) == 1 && dup2(fd, 2) == 2);
    errno = EPIPE;
    perror(NULL);
    errno = EPIPE;
    perror("");
    FACT(dup2(kept_errors, 2) == 2);
    FACT(n == 3 && n_more == 4 && is_put >= 0 && put == 'x');
    FACT(put_more == 'y' && is_flushed == 0);
    FACT(dprintf(fd, "%s", "z") == 1 && prints(fd, "%c%c", '!', '?') == 2);
    FACT(given(fd, text) > 0 && strncmp(text, "12,abc,line\nxy", 14) == 0);
    FACT(strncmp(text + 14, strerror(EPIPE), strlen(strerror(EPIPE))) == 0);
    FACT(strlen(text) == 14 + 2 * (strlen(strerror(EPIPE)) + 1) + 3);
    FACT(strcmp(text + strlen(text) - 4, "\nz!?") == 0);
    FACT(close(fd) == 0 && close(kept) == 0 && close(kept_errors) == 0);
    const int reader = open("output", O_RDONLY);
    FACT(dprintf(reader, "x") < 0 && prints(reader, "x") < 0);
    FACT(close(reader) == 0 && unlink("output") == 0);
}

static int scans(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int n = vscanf(format, arguments);
    va_end(arguments);
    return n;
}

static void standard_input(void)
{
    int number = 0;
    int other = 0;
    FILE *file = fopen("input", "w");

    FACT(file != NULL && fputs("12 34xyz", file) >= 0 && fclose(file) == 0);
    FACT(freopen("input", "r", stdin) == stdin);
    FACT(scanf("%d", &number) == 1 && number == 12);
    FACT(scans("%d", &other) == 1 && other == 34);
    FACT(getchar() == 'x' && getchar_unlocked() == 'y' && getchar() == 'z');
    FACT(getchar() == EOF && feof(stdin));
    FACT(unlink("input") == 0);
}

static void stream_errors(void)
{
    char byte = 0;
    int ends[2];
    FILE *file = fopen("stream", "w+");

    FACT(fopen("stream", "q") == NULL && errno == EINVAL);
    FACT(fopen("nobody/x", "w") == NULL && errno == ENOENT);
    FACT(fopen("stream", "w+x") == NULL && errno == EEXIST);
    FACT(file != NULL && fputs("abcdef", file) >= 0 && ftell(file) == 6);
    FACT(fseek(file, 1, SEEK_SET) == 0 && fgetc(file) == 'b');
    FACT(fseek(file, 2, SEEK_CUR) == 0 && fgetc(file) == 'e');
    FACT(fseek(file, -1, SEEK_END) == 0 && fgetc(file) == 'f');
    FACT(fgetc(file) == EOF && feof(file) && ftell(file) == 6);
    FAILS(fseek(file, -1, SEEK_SET), EINVAL);
    FACT(fclose(file) == 0);
    const int reader = open("stream", O_RDONLY);
    const int writer = open("stream", O_WRONLY);
    FACT(fdopen(reader, "w") == NULL && errno == EINVAL);
    FACT(fdopen(writer, "r") == NULL && errno == EINVAL);
    FACT(fdopen(reader, "r+") == NULL && errno == EINVAL);
    FACT(fdopen(reader, "q") == NULL && errno == EINVAL);
    FACT(fdopen(-1, "r") == NULL && errno == EBADF);
    file = fdopen(writer, "a");
    FACT(file != NULL && fileno(file) == writer);
    FACT((fcntl(writer, F_GETFL) & O_APPEND) != 0 && ftell(file) == 6);
    FACT(fputs("gh", file) >= 0 && fflush(file) == 0 && ftell(file) == 8);
    FACT(fclose(file) == 0);
    FAILS(fcntl(writer, F_GETFD), EBADF);
    file = fdopen(reader, "r");
    FACT(file != NULL && fgetc(file) == 'a' && ftell(file) == 1);
    FACT(lseek(reader, 0, SEEK_CUR) == 8); /* it has read ahead */
    FACT(fclose(file) == 0 && pipe(ends) == 0);
    file = fdopen(ends[0], "r");
    FAILS(fseek(file, 0, SEEK_SET), ESPIPE);
    FACT(ftell(file) == -1 && errno == ESPIPE);
    FACT(write(ends[1], "pq", 2) == 2 && fgetc(file) == 'p');
    FACT(fgetc(file) == 'q' && close(ends[1]) == 0 && fgetc(file) == EOF);
    FACT(feof(file) && !ferror(file) && fclose(file) == 0);
    file = fopen("/dev/full", "w");
    if (file != NULL) {
        FACT(fputs("x", file) >= 0 && fflush(file) == EOF);
        FACT(ferror(file));
        fclose(file);
    }
    file = fmemopen(&byte, 1, "r");
    FACT((errno = 0, fileno(file)) == -1 && errno == EBADF);
    FACT(fclose(file) == 0);
}

static void reopened_streams(void)
{
    char text[16];
    FILE *file = fopen("stream", "w");

    FACT(file != NULL && fputs("one", file) >= 0);
    const int fd = fileno(file);
    FACT(freopen("other", "w+", file) == file && fileno(file) == fd);
    FACT(fputs("two", file) >= 0 && fflush(file) == 0);
    FACT(freopen("stream", "r", file) == file && fileno(file) == fd);
    FACT(fgets(text, 16, file) == text && strcmp(text, "one") == 0);
    FACT(fgetc(file) == EOF && feof(file));
    FACT(freopen("other", "a", file) == file && !feof(file));
    FACT(fputs("!", file) >= 0 && ftell(file) == 4);
#ifdef __wasm__ /* glibc leaks it */
    FACT(freopen("nobody/x", "r", file) == NULL && errno == ENOENT);
    FAILS(fcntl(fd, F_GETFD), EBADF);
#else
    FACT(fclose(file) == 0);
#endif
    file = fopen("other", "r");
    FACT(file != NULL && freopen(NULL, "r", file) == file);
    FACT(fgets(text, 16, file) == text && strcmp(text, "two!") == 0);
    FACT(fclose(file) == 0);
    FACT(unlink("stream") == 0 && unlink("other") == 0);
}

static void entropy(void)
{
    unsigned char bytes[300];
    unsigned char other[300];

    memset(bytes, 0, sizeof(bytes));
    memset(other, 0, sizeof(other));
    FACT(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
    FACT(getrandom(other, sizeof(other), GRND_NONBLOCK) == sizeof(other));
    FACT(memcmp(bytes, other, sizeof(bytes)) != 0);
    FACT(memcmp(bytes + 280, other + 280, 20) != 0);
    FACT(getrandom(bytes, 16, GRND_RANDOM) == 16 &&
         getrandom(bytes, 0, 0) == 0);
    FAILS(getrandom(bytes, 1, 0x80), EINVAL);
    FACT(getentropy(bytes, 256) == 0);
    FAILS(getentropy(bytes, 257), EIO);
}

void io_facts(void)
{
    char folder[] = "/tmp/wasock-io-XXXXXX";
    char before[PATH_MAX];

    FACT(getcwd(before, sizeof(before)) == before);
    FACT(mkdtemp(folder) == folder && chdir(folder) == 0);
    positions();
    bad_vectors();
    syncs();
    unread_bytes();
    changed_flags();
    opened_paths();
    copies();
    copies_to_full_sockets();
    mappings();
    directory_streams();
    temporary_names();
    standard_output();
    standard_input();
    stream_errors();
    reopened_streams();
    entropy();
#ifdef __wasm__
    FACT(popen("true", "r") == NULL && errno == ENOSYS);
    FAILS(pclose(stdout), ECHILD);
#endif
    FACT(unlink("vectors") == 0 && unlink("synced") == 0);
    FACT(chdir(before) == 0 && rmdir(folder) == 0);
}
