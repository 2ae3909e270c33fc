/* SPDX-License-Identifier: MIT */
/*
 * file.c - files, directories and stdio of the host.
 *
 * True: offset, contents, size, O_APPEND and O_NONBLOCK are the host's.
 * Made up: permissions and owners, of which preview1 knows nothing.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wasock/err.h>
#include <wasock/fd.h>
#include <wasock/poller.h>

#include "../../fd_internal.h"
#include "../libc.h"
#include "../plain.h"
#include "../threads/layer.h"
#include "../waiting/watch.h"

struct file {
    struct description description;
    struct wasock_pollable pollable; /* open where the host can wait for it */
    int host_fd;
    enum wasock_fd_kind kind;
    char *path; /* of a directory: absolute, or NULL */
};

/*
 * wasmtime and wasmi read ahead of a guest on stdin, up to 8 KiB, and their
 * poll ignores these bytes. So read no less, and keep the surplus here.
 */
#define STDIN_BYTES 8192
static struct {
    unsigned char bytes[STDIN_BYTES];
    size_t begin;
    size_t end;
} stdin_ahead;

/* Whether it is stdin, and something that may wait. */
static bool is_read_ahead(const struct file *file)
{
    return file->host_fd == 0 && wasock_socket_is_open(&file->pollable.socket);
}

static bool is_anything_ahead(const struct file *file)
{
    return is_read_ahead(file) && stdin_ahead.begin < stdin_ahead.end;
}

/* Copy bytes that were read from stdin, or read if there are none. */
static ssize_t read_stdin(const struct iovec *buffers, int n_buffers)
{
    ssize_t total = 0;

    if (stdin_ahead.begin == stdin_ahead.end) {
        /* Not by libc: in a component of WASI 0.3 a poll reads stdin into
         * wasock's own stream. */
        const ptrdiff_t n = wasock_fd_read(0, stdin_ahead.bytes, STDIN_BYTES);
        if (n < 0) {
            return n;
        }
        stdin_ahead.begin = 0;
        stdin_ahead.end = (size_t)n;
    }
    for (int i = 0; i < n_buffers; i++) {
        const size_t left = stdin_ahead.end - stdin_ahead.begin;
        const size_t n = buffers[i].iov_len < left ? buffers[i].iov_len : left;
        memcpy(buffers[i].iov_base, stdin_ahead.bytes + stdin_ahead.begin, n);
        stdin_ahead.begin += n;
        total += (ssize_t)n;
    }
    return total;
}

static ssize_t read_file(const struct file *file, const struct iovec *buffers,
                         int n_buffers)
{
    ssize_t total = 0;

    for (int i = 0; i < n_buffers; i++) {
        if (buffers[i].iov_len == 0) {
            continue; /* in a component a read of nothing ends the file */
        }
        const ssize_t n = wasock_libc_read(file->host_fd, buffers[i].iov_base,
                                           buffers[i].iov_len);
        if (n < 0) {
            return total > 0 ? total : -errno;
        }
        total += n;
        if ((size_t)n < buffers[i].iov_len) {
            break;
        }
    }
    return total;
}

static bool is_nothing(const struct iovec *buffers, int n_buffers)
{
    for (int i = 0; i < n_buffers; i++) {
        if (buffers[i].iov_len > 0) {
            return false;
        }
    }
    return true;
}

/* With other threads, wait here and not in the host. Returns 0, or -EINTR. */
static int wait_for_input(const struct file *file)
{
    int result = 0;

    while (result == 0 && !wasock_bsd__is_alone() && !is_anything_ahead(file) &&
           wasock_socket_is_open(&file->pollable.socket)) {
        if (wasock_bsd__is_interrupted()) {
            return -EINTR;
        }
        result =
            wasock__fd_wait_once(file->host_fd, WASOCK_READABLE, UINT64_MAX);
        result = result == -WASOCK_EINTR ? 0 : result;
    }
    return 0;
}

static ssize_t file_read(struct description *description,
                         const struct iovec *buffers, int n_buffers, int flags)
{
    const struct file *file = (const struct file *)description;

    (void)flags;
    if ((description->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if (file->kind == WASOCK_FD_DIRECTORY) {
        return -EISDIR; /* where hosts say EBADF */
    }
    /* A descriptor that may wait is blocking on the host: poll it first. */
    if ((description->flags & O_NONBLOCK) != 0 && !is_anything_ahead(file) &&
        wasock_socket_is_open(&file->pollable.socket) &&
        wasock__fd_wait_once(file->host_fd, WASOCK_READABLE, 0) == 0) {
        return -EAGAIN;
    }
    if ((description->flags & O_NONBLOCK) == 0) {
        const int result = wait_for_input(file);
        if (result < 0) {
            return result;
        }
    }
    wasock_bsd__changed(description, 0);
    if (is_read_ahead(file)) {
        return is_nothing(buffers, n_buffers) ? 0
                                              : read_stdin(buffers, n_buffers);
    }
    return read_file(file, buffers, n_buffers);
}

/* O_SYNC and O_DSYNC: some hosts refuse them, all can write back. */
static ssize_t write_back(const struct description *description, int host_fd,
                          ssize_t n_written)
{
    if (n_written <= 0 || (description->flags & O_DSYNC) == 0) {
        return n_written;
    }
    const int result = (description->flags & O_SYNC) == O_SYNC
                           ? wasock_libc_fsync(host_fd)
                           : wasock_libc_fdatasync(host_fd);
    return result < 0 ? -errno : n_written;
}

static ssize_t file_write(struct description *description,
                          const struct iovec *slices, int n_slices, int flags)
{
    const struct file *file = (const struct file *)description;
    ssize_t total = 0;

    (void)flags;
    if ((description->flags & O_PATH) != 0) {
        return -EBADF;
    }
    for (int i = 0; i < n_slices; i++) {
        const ssize_t n = wasock_libc_write(file->host_fd, slices[i].iov_base,
                                            slices[i].iov_len);
        if (n < 0) {
            return total > 0 ? total : -errno;
        }
        total += n;
        if ((size_t)n < slices[i].iov_len) {
            break;
        }
    }
    return write_back(description, file->host_fd, total);
}

static unsigned file_known(struct description *description)
{
    const struct file *file = (const struct file *)description;

    /* Files never wait; the host polls terminals and pipes. Writes to these
     * block in the host. */
    return wasock_socket_is_open(&file->pollable.socket) &&
                   !is_anything_ahead(file)
               ? POLLOUT
               : POLLIN | POLLOUT;
}

static struct wasock_socket *file_host(struct description *description)
{
    struct file *file = (struct file *)description;

    return wasock_socket_is_open(&file->pollable.socket)
               ? &file->pollable.socket
               : NULL;
}

static int file_stat(struct description *description, struct stat *status)
{
    const struct file *file = (const struct file *)description;

    return wasock_libc_fstat(file->host_fd, status) < 0 ? -errno : 0;
}

void wasock_bsd__complete(struct stat *status)
{
    if ((status->st_mode & 07777) == 0) {
        status->st_mode |= S_ISDIR(status->st_mode) ? 0755 : 0644;
    }
    if (status->st_blksize == 0) {
        status->st_blksize = 4096; /* programs divide by it */
    }
    status->st_uid = getuid();
    status->st_gid = getgid();
}

static int file_close(struct description *description)
{
    struct file *file = (struct file *)description;
    const int host_fd = file->host_fd;

    wasock_bsd__end_watches(description);
    if (wasock_socket_is_open(&file->pollable.socket)) {
        wasock_pollable_close(&file->pollable);
    }
    free(file->path);
    free(file);
    /* The host's 0, 1 and 2 stay open: stdio has them as well, and hosts that
     * give the lowest number would hand them to a socket. */
    if (host_fd < 3) {
        return 0;
    }
    return wasock_libc_close(host_fd) < 0 ? -errno : 0;
}

static const struct operations file_operations = {
    .read = file_read,
    .write = file_write,
    .known = file_known,
    .host = file_host,
    .stat = file_stat,
    .close = file_close,
};

/* Whether a read may have to wait: of all but files and directories. */
static bool may_wait(enum wasock_fd_kind kind)
{
    return kind != WASOCK_FD_FILE && kind != WASOCK_FD_DIRECTORY &&
           kind != WASOCK_FD_BLOCK_DEVICE;
}

/* Get the kind of wasi-libc's descriptor; -1 with errno. In a component it is
 * not wasock's. */
static int kind_of(int host_fd)
{
    struct wasock_fd_stat stat;
    struct stat status;

    if (wasock_fd_stat(host_fd, &stat) == 0) {
        return (int)stat.kind;
    }
    if (wasock_libc_fstat(host_fd, &status) < 0) {
        return -1;
    }
    if (S_ISREG(status.st_mode)) {
        return WASOCK_FD_FILE;
    }
    return S_ISDIR(status.st_mode) ? WASOCK_FD_DIRECTORY
                                   : WASOCK_FD_CHARACTER_DEVICE;
}

struct description *wasock_bsd__file_of_host(int host_fd)
{
    const int kind = kind_of(host_fd);

    if (kind < 0) {
        return NULL;
    }
    struct file *file = (struct file *)calloc(1, sizeof(*file));
    if (file == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    file->description.operations = &file_operations;
    file->description.flags =
        host_fd == 1 || host_fd == 2 ? O_WRONLY : O_RDONLY;
    file->host_fd = host_fd;
    file->kind = (enum wasock_fd_kind)kind;
    if (may_wait(file->kind)) {
        const int result = wasock_pollable_from_fd(&file->pollable, host_fd);
        if (result == 0 && file->pollable.socket.never_waits_) {
            const int ignored = wasock_pollable_close(&file->pollable);
            (void)ignored; /* it is open */
        }
    }
    return &file->description;
}

int wasock_bsd__host_fd(const struct description *description)
{
    return description->operations == &file_operations
               ? ((const struct file *)description)->host_fd
               : -1;
}

/* Where a path given relative to a number begins; NULL: unknown. Uses
 * `current`. */
static const char *base_of(int at_fd, char current[PATH_MAX])
{
    if (at_fd == AT_FDCWD) {
        return getcwd(current, PATH_MAX);
    }
    const struct description *directory = wasock_bsd__find(at_fd);
    return directory == NULL ? NULL : wasock_bsd__path_of(directory);
}

void wasock_bsd__remember_path(struct description *directory, int at_fd,
                               const char *path)
{
    struct file *file = (struct file *)directory;
    char current[PATH_MAX];
    const char *base = path[0] == '/' ? "" : base_of(at_fd, current);

    if (directory->operations != &file_operations || base == NULL ||
        file->kind != WASOCK_FD_DIRECTORY) {
        return;
    }
    if (asprintf(&file->path, "%s%s%s", base, path[0] == '/' ? "" : "/", path) <
        0) {
        file->path = NULL;
    }
}

const char *wasock_bsd__path_of(const struct description *description)
{
    return description->operations == &file_operations
               ? ((const struct file *)description)->path
               : NULL;
}

int wasock_bsd__host_directory(int fd)
{
    if (fd == AT_FDCWD) {
        return fd;
    }
    const struct description *description = wasock_bsd__find(fd);
    if (description == NULL) {
        return -1;
    }
    const int host_fd = wasock_bsd__host_fd(description);
    if (host_fd < 0) {
        errno = ENOTDIR;
    }
    return host_fd;
}

/* The host's number for calls on files alone; -1 with errno set to `refusal` if
 * the number is something else. */
static int host_file(int fd, int refusal)
{
    const struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    const int host_fd = wasock_bsd__host_fd(description);
    if (host_fd >= 0 && (description->flags & O_PATH) != 0) {
        errno = EBADF;
        return -1;
    }
    if (host_fd < 0) {
        errno = refusal;
    }
    return host_fd;
}

/* The result of a call at a position. Hosts give a pipe's refusal several
 * errors. */
static off_t at_position(int host_fd, off_t result)
{
    struct stat status;

    if (result < 0 && errno != ESPIPE) {
        const int error = errno;
        const bool has_position = wasock_libc_fstat(host_fd, &status) < 0 ||
                                  S_ISREG(status.st_mode) ||
                                  S_ISDIR(status.st_mode);
        errno = has_position ? error : ESPIPE;
    }
    return result;
}

/*
 * pread(2), pwrite(2), lseek(2) as the host does them; a device stays at 0.
 * Errors: EBADF; ESPIPE: a socket, a pipe, a terminal, and a device for pread
 *   and pwrite; EINVAL: no place to seek to.
 */
ssize_t pread(int fd, void *buffer, size_t capacity, off_t offset)
{
    const int host_fd = host_file(fd, ESPIPE);

    return host_fd < 0 ? -1
                       : (ssize_t)at_position(
                             host_fd, wasock_libc_pread(host_fd, buffer,
                                                        capacity, offset));
}

/* As Linux's pwrite on a file that is open to append, which wazero refuses: the
 * offset stays. */
static ssize_t append(int host_fd, const void *data, size_t length)
{
    const off_t before = wasock_libc_lseek(host_fd, 0, SEEK_CUR);
    const ssize_t n = wasock_libc_write(host_fd, data, length);

    wasock_libc_lseek(host_fd, before, SEEK_SET);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    const int host_fd = host_file(fd, ESPIPE);

    if (host_fd < 0) {
        return -1;
    }
    const struct description *description = wasock_bsd__find(fd);
    const ssize_t n =
        (description->flags & O_APPEND) != 0
            ? append(host_fd, data, length)
            : (ssize_t)at_position(
                  host_fd, wasock_libc_pwrite(host_fd, data, length, offset));
    return n < 0 ? -1 : wasock_bsd__result(write_back(description, host_fd, n));
}

/* SEEK_DATA, SEEK_HOLE: WASI reports no holes, so the only one is at the end.
 * Errors: ENXIO. */
static off_t seek_data(int host_fd, off_t offset, int whence)
{
    struct stat status;

    if (wasock_libc_fstat(host_fd, &status) < 0) {
        return -1;
    }
    if (offset < 0 || offset >= status.st_size) {
        errno = ENXIO;
        return -1;
    }
    return wasock_libc_lseek(
        host_fd, whence == SEEK_DATA ? offset : status.st_size, SEEK_SET);
}

off_t lseek(int fd, off_t offset, int whence)
{
    const struct description *description = wasock_bsd__find(fd);
    const bool is_device =
        description != NULL && wasock_bsd__is_device(description);
    const int host_fd = is_device ? -1 : host_file(fd, ESPIPE);

    if (host_fd < 0 && !is_device) {
        return -1;
    }
    if ((whence == SEEK_DATA || whence == SEEK_HOLE) && !is_device) {
        return seek_data(host_fd, offset, whence);
    }
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) {
        errno = EINVAL; /* for which wasmtime ends the guest */
        return -1;
    }
    return is_device ? 0
                     : at_position(host_fd,
                                   wasock_libc_lseek(host_fd, offset, whence));
}

/* preadv(2), pwritev(2): a call a vector, ended by the first short one.
 * Errors: as pread and pwrite; EINVAL: a negative count. */
ssize_t preadv(int fd, const struct iovec *buffers, int n_buffers, off_t offset)
{
    ssize_t total = 0;

    if (n_buffers < 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < n_buffers; i++) {
        const ssize_t n =
            pread(fd, buffers[i].iov_base, buffers[i].iov_len, offset + total);
        if (n < 0) {
            return total > 0 ? total : -1;
        }
        total += n;
        if ((size_t)n < buffers[i].iov_len) {
            break;
        }
    }
    return total;
}

ssize_t pwritev(int fd, const struct iovec *slices, int n_slices, off_t offset)
{
    ssize_t total = 0;

    if (n_slices < 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < n_slices; i++) {
        const ssize_t n =
            pwrite(fd, slices[i].iov_base, slices[i].iov_len, offset + total);
        if (n < 0) {
            return total > 0 ? total : -1;
        }
        total += n;
        if ((size_t)n < slices[i].iov_len) {
            break;
        }
    }
    return total;
}

/*
 * fsync(2), fdatasync(2), ftruncate(2): the host's answer.
 * Errors: EBADF; EINVAL: no file; ENOTSUP; any other code of the host.
 */
int fsync(int fd)
{
    const int host_fd = host_file(fd, EINVAL);

    return host_fd < 0 ? -1 : wasock_libc_fsync(host_fd);
}

/* The host writes when it likes: fsync is what waits for it. */
void sync(void)
{
}
WASOCK_BSD_PLAIN(sync);

/* As fsync: one file has to do for all. */
int syncfs(int fd)
{
    return fsync(fd);
}
WASOCK_BSD_PLAIN(syncfs);

int fdatasync(int fd)
{
    const int host_fd = host_file(fd, EINVAL);

    return host_fd < 0 ? -1 : wasock_libc_fdatasync(host_fd);
}

int ftruncate(int fd, off_t length)
{
    const int host_fd = host_file(fd, EINVAL);

    return host_fd < 0 ? -1 : wasock_libc_ftruncate(host_fd, length);
}

/* isatty(3). Errors: EBADF; ENOTTY. */
int isatty(int fd)
{
    const int host_fd = host_file(fd, ENOTTY);

    return host_fd < 0 ? 0 : wasock_libc_isatty(host_fd);
}

/* posix_fadvise(2), posix_fallocate(3), which return their error.
 * Errors: EBADF; ESPIPE: no file; EINVAL: no advice; any other code of the
 *   host. */
int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
    const int host_fd = host_file(fd, ESPIPE);

    if (host_fd < 0) {
        return errno;
    }
    if (advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE) {
        return EINVAL; /* for which wasmtime ends the guest */
    }
    return wasock_libc_posix_fadvise(host_fd, offset, length, advice);
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    const int host_fd = host_file(fd, ESPIPE);

    return host_fd < 0 ? errno
                       : wasock_libc_posix_fallocate(host_fd, offset, length);
}

int wasock_bsd__set_times(const struct timespec times[2],
                          const struct stat *status, struct timespec set[2])
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) < 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        if (times == NULL || times[i].tv_nsec == UTIME_NOW) {
            set[i] = now;
        } else if (times[i].tv_nsec == UTIME_OMIT) {
            set[i] = i == 0 ? status->st_atim : status->st_mtim;
        } else if (times[i].tv_nsec < 0) { /* wasi-libc's own UTIME_NOW */
            errno = EINVAL;
            return -1;
        } else {
            set[i] = times[i];
        }
    }
    return 0;
}

/* futimens(2). Errors: EBADF; EINVAL: no file; any other code of the host. */
int futimens(int fd, const struct timespec times[2])
{
    const int host_fd = host_file(fd, EINVAL);
    struct timespec set[2];
    struct stat status;

    return host_fd < 0 || wasock_libc_fstat(host_fd, &status) < 0 ||
                   wasock_bsd__set_times(times, &status, set) < 0
               ? -1
               : wasock_libc_futimens(host_fd, set);
}
