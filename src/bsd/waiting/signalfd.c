/* SPDX-License-Identifier: MIT */
/*
 * signalfd.c - signalfd: read the signals that the program sends itself and
 * blocks.
 *
 * True: readiness, several signals a read, who sent them and how. A read that
 * would wait is EDEADLK: nobody else sends any.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "../plain.h"
#include "../system/signals.h"
#include "../threads/layer.h"
#include "watch.h"

_Static_assert(sizeof(struct signalfd_siginfo) == 128, "as Linux's");

struct signal_reader {
    struct description description;
    struct signal_watch watch;
};

static void describe(const siginfo_t *info, struct signalfd_siginfo *record)
{
    memset(record, 0, sizeof(*record));
    record->ssi_signo = (uint32_t)info->si_signo;
    record->ssi_code = info->si_code;
    record->ssi_pid = (uint32_t)info->si_pid;
    record->ssi_uid = (uint32_t)info->si_uid;
    record->ssi_int = info->si_value.sival_int;
    record->ssi_ptr = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
}

static ssize_t reader_read(struct description *description,
                           const struct iovec *buffers, int n_buffers,
                           int flags)
{
    const struct signal_reader *reader =
        (const struct signal_reader *)description;
    struct signalfd_siginfo record;
    size_t n_bytes = 0;
    siginfo_t info;

    (void)flags;
    if (n_buffers != 1 || buffers[0].iov_len < sizeof(record)) {
        return -EINVAL;
    }
    while (!wasock_bsd__is_pending(reader->watch.set)) {
        const int result = wasock_bsd__block(description, WASOCK_READABLE, 0);
        if (result < 0) {
            return result;
        }
    }
    while (buffers[0].iov_len - n_bytes >= sizeof(record) &&
           wasock_bsd__take_signal(reader->watch.set, &info) != 0) {
        describe(&info, &record);
        memcpy((char *)buffers[0].iov_base + n_bytes, &record, sizeof(record));
        n_bytes += sizeof(record);
    }
    wasock_bsd__changed(description, 0);
    return (ssize_t)n_bytes;
}

static unsigned reader_known(struct description *description)
{
    const struct signal_reader *reader =
        (const struct signal_reader *)description;

    return wasock_bsd__is_pending(reader->watch.set) ? POLLIN : 0;
}

static int reader_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = 0600; /* of no type, as on Linux */
    status->st_nlink = 1;
    return 0;
}

static int reader_close(struct description *description)
{
    struct signal_reader *reader = (struct signal_reader *)description;

    wasock_bsd__end_watches(description);
    wasock_bsd__unwatch_signals(&reader->watch);
    free(reader);
    return 0;
}

static const struct operations reader_operations = {
    .read = reader_read,
    .known = reader_known,
    .stat = reader_stat,
    .is_waitable = true,
    .close = reader_close,
};

/* Let a number that is one read other signals. */
static int change_mask(int fd, sigset_t set)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    if (description->operations != &reader_operations) {
        errno = EINVAL;
        return -1;
    }
    ((struct signal_reader *)description)->watch.set = set;
    wasock_bsd__changed(description, POLLIN);
    return fd;
}

/*
 * signalfd(2). fd: -1 for a new number, or one whose mask becomes this.
 * Errors: EBADF; EINVAL: not a number of this kind, an unknown flag; EMFILE;
 *   ENOMEM.
 */
int signalfd(int fd, const sigset_t *mask, int flags)
{
    sigset_t set = *mask;

    if ((flags & ~(SFD_NONBLOCK | SFD_CLOEXEC)) != 0) {
        errno = EINVAL;
        return -1;
    }
    sigdelset(&set, SIGKILL);
    sigdelset(&set, SIGSTOP);
    if (fd != -1) {
        return change_mask(fd, set);
    }
    struct signal_reader *reader =
        (struct signal_reader *)calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return -1;
    }
    reader->description.operations = &reader_operations;
    reader->description.flags = O_RDWR | (flags & SFD_NONBLOCK);
    reader->watch.description = &reader->description;
    reader->watch.set = set;
    wasock_bsd__watch_signals(&reader->watch);
    return wasock_bsd__open(&reader->description,
                            (flags & SFD_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
}
WASOCK_BSD_PLAIN(signalfd);
