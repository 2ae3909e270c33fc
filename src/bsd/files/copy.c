/* SPDX-License-Identifier: MIT */
/*
 * copy.c - sendfile and copy_file_range.
 *
 * True: offsets, short counts, EAGAIN of a full socket. The bytes pass through
 * the program's memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain.h"
#include "../table.h"

#define CHUNK_BYTES 16384

/* One call copies at most this number of bytes, as on Linux. */
#define COPY_MAX ((size_t)0x7ffff000)

static int check_file(int fd, struct stat *status)
{
    if (fstat(fd, status) < 0) {
        return -1;
    }
    if (!S_ISREG(status->st_mode)) {
        errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    return 0;
}

/* Write at an offset, or, NULL, where the number stands. */
static ssize_t put(int to, const off_t *offset, const char *bytes, size_t n)
{
    return offset != NULL ? pwrite(to, bytes, n, *offset) : write(to, bytes, n);
}

/* Copy some bytes from *from_offset on, and move the offsets. Returns a count,
 * 0 at the end, or -1. is_short: set if not all that was read was written. */
static ssize_t copy_some(int from, off_t *from_offset, int to, off_t *to_offset,
                         size_t length, bool *is_short)
{
    char bytes[CHUNK_BYTES];
    const ssize_t n_read = pread(
        from, bytes, length < CHUNK_BYTES ? length : CHUNK_BYTES, *from_offset);

    if (n_read <= 0) {
        return n_read;
    }
    const ssize_t n = put(to, to_offset, bytes, (size_t)n_read);
    if (n <= 0) {
        return n;
    }
    *from_offset += n;
    if (to_offset != NULL) {
        *to_offset += n;
    }
    *is_short = n < n_read;
    return n;
}

/* Copy from *from_offset on, and move the offsets. Returns a count or -1. */
static ssize_t copy(int from, off_t *from_offset, int to, off_t *to_offset,
                    size_t length)
{
    size_t n_copied = 0;
    bool is_short = false;

    length = length < COPY_MAX ? length : COPY_MAX;
    while (n_copied < length && !is_short) {
        const ssize_t n = copy_some(from, from_offset, to, to_offset,
                                    length - n_copied, &is_short);
        if (n <= 0) {
            return n < 0 && n_copied == 0 ? -1 : (ssize_t)n_copied;
        }
        n_copied += (size_t)n;
    }
    return (ssize_t)n_copied;
}

/* As copy, from where `from` stands if there is no offset. */
static ssize_t copy_from(int from, off_t *from_offset, int to, off_t *to_offset,
                         size_t length)
{
    off_t offset =
        from_offset != NULL ? *from_offset : lseek(from, 0, SEEK_CUR);

    if (offset < 0) {
        errno = EINVAL;
        return -1;
    }
    const ssize_t n = copy(from, &offset, to, to_offset, length);
    if (from_offset != NULL) {
        *from_offset = offset;
    } else if (n > 0) {
        lseek(from, offset, SEEK_SET);
    }
    return n;
}

/*
 * sendfile(2).
 * Errors: EBADF; EINVAL: `from` is no file, a negative offset, `to` appends; as
 *   read(2) and write(2).
 */
ssize_t sendfile(int to, int from, off_t *offset, size_t length)
{
    struct stat status;
    const int flags = fcntl(to, F_GETFL);

    if (flags < 0 || check_file(from, &status) < 0) {
        return -1;
    }
    if ((flags & O_APPEND) != 0) {
        errno = EINVAL;
        return -1;
    }
    return copy_from(from, offset, to, NULL, length);
}
WASOCK_BSD_PLAIN(sendfile);

static bool overlaps(off_t from, off_t to, size_t length)
{
    return from < to ? (uint64_t)(to - from) < length
                     : (uint64_t)(from - to) < length;
}

/*
 * copy_file_range(2).
 * Errors: EBADF: also `to` appends; EINVAL: no file, flags, the ranges overlap;
 *   EISDIR; as read(2) and write(2).
 */
ssize_t copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset,
                        size_t length, unsigned flags)
{
    struct stat source;
    struct stat target;

    if (check_file(from, &source) < 0 || check_file(to, &target) < 0) {
        return -1;
    }
    const off_t begin =
        from_offset != NULL ? *from_offset : lseek(from, 0, SEEK_CUR);
    off_t end = to_offset != NULL ? *to_offset : lseek(to, 0, SEEK_CUR);
    if (flags != 0 || begin < 0 || end < 0 ||
        (source.st_ino == target.st_ino && source.st_dev == target.st_dev &&
         overlaps(begin, end, length))) {
        errno = EINVAL;
        return -1;
    }
    if ((fcntl(to, F_GETFL) & O_APPEND) != 0) {
        errno = EBADF;
        return -1;
    }
    const ssize_t n = copy_from(from, from_offset, to, &end, length);
    if (to_offset != NULL) {
        *to_offset = end;
    } else if (n > 0) {
        lseek(to, end, SEEK_SET);
    }
    return n;
}
WASOCK_BSD_PLAIN(copy_file_range);
