/* SPDX-License-Identifier: MIT */
/*
 * The waist against wasi-libc's own description of preview1, at compile time.
 */
#include <stddef.h>

#include <wasi/api.h>
#include <wasock/wasock.h>

#include "wasip1.h"

#define SAME(ours, theirs)                                                     \
    _Static_assert((ours) == (theirs), #ours " is not " #theirs)
#define SAME_SIZE(ours, theirs) SAME(sizeof(ours), sizeof(theirs))
#define SAME_OFFSET(ours, member, theirs, their_member)                        \
    SAME(offsetof(ours, member), offsetof(theirs, their_member))

/* preview1's names lack the E, so each of its codes is compared by hand. */
SAME(WASOCK_E2BIG, __WASI_ERRNO_2BIG);
SAME(WASOCK_EADDRINUSE, __WASI_ERRNO_ADDRINUSE);
SAME(WASOCK_EAGAIN, __WASI_ERRNO_AGAIN);
SAME(WASOCK_EBADF, __WASI_ERRNO_BADF);
SAME(WASOCK_EBUSY, __WASI_ERRNO_BUSY);
SAME(WASOCK_ECONNABORTED, __WASI_ERRNO_CONNABORTED);
SAME(WASOCK_ECONNREFUSED, __WASI_ERRNO_CONNREFUSED);
SAME(WASOCK_ECONNRESET, __WASI_ERRNO_CONNRESET);
SAME(WASOCK_EEXIST, __WASI_ERRNO_EXIST);
SAME(WASOCK_EFAULT, __WASI_ERRNO_FAULT);
SAME(WASOCK_EINTR, __WASI_ERRNO_INTR);
SAME(WASOCK_EINVAL, __WASI_ERRNO_INVAL);
SAME(WASOCK_EIO, __WASI_ERRNO_IO);
SAME(WASOCK_EISCONN, __WASI_ERRNO_ISCONN);
SAME(WASOCK_EMFILE, __WASI_ERRNO_MFILE);
SAME(WASOCK_EMSGSIZE, __WASI_ERRNO_MSGSIZE);
SAME(WASOCK_ENAMETOOLONG, __WASI_ERRNO_NAMETOOLONG);
SAME(WASOCK_ENETRESET, __WASI_ERRNO_NETRESET);
SAME(WASOCK_ENFILE, __WASI_ERRNO_NFILE);
SAME(WASOCK_ENOBUFS, __WASI_ERRNO_NOBUFS);
SAME(WASOCK_ENOENT, __WASI_ERRNO_NOENT);
SAME(WASOCK_ENOMEM, __WASI_ERRNO_NOMEM);
SAME(WASOCK_ENOPROTOOPT, __WASI_ERRNO_NOPROTOOPT);
SAME(WASOCK_ENOSYS, __WASI_ERRNO_NOSYS);
SAME(WASOCK_ENOTCAPABLE, __WASI_ERRNO_NOTCAPABLE);
SAME(WASOCK_ENOTCONN, __WASI_ERRNO_NOTCONN);
SAME(WASOCK_ENOTSOCK, __WASI_ERRNO_NOTSOCK);
SAME(WASOCK_ENOTSUP, __WASI_ERRNO_NOTSUP);
SAME(WASOCK_EPIPE, __WASI_ERRNO_PIPE);
SAME(WASOCK_EPROTOTYPE, __WASI_ERRNO_PROTOTYPE);
SAME(WASOCK_ETIMEDOUT, __WASI_ERRNO_TIMEDOUT);
SAME(WASOCK_EXDEV, __WASI_ERRNO_XDEV);

SAME(WASIP1_FILETYPE_UNKNOWN, __WASI_FILETYPE_UNKNOWN);
SAME(WASIP1_FILETYPE_BLOCK_DEVICE, __WASI_FILETYPE_BLOCK_DEVICE);
SAME(WASIP1_FILETYPE_CHARACTER_DEVICE, __WASI_FILETYPE_CHARACTER_DEVICE);
SAME(WASIP1_FILETYPE_DIRECTORY, __WASI_FILETYPE_DIRECTORY);
SAME(WASIP1_FILETYPE_REGULAR_FILE, __WASI_FILETYPE_REGULAR_FILE);
SAME(WASIP1_FILETYPE_SOCKET_DGRAM, __WASI_FILETYPE_SOCKET_DGRAM);
SAME(WASIP1_FILETYPE_SOCKET_STREAM, __WASI_FILETYPE_SOCKET_STREAM);
SAME(WASIP1_FILETYPE_SYMBOLIC_LINK, __WASI_FILETYPE_SYMBOLIC_LINK);
SAME(WASOCK_FD_SOCKET_DGRAM, __WASI_FILETYPE_SOCKET_DGRAM);
SAME(WASOCK_FD_SOCKET_STREAM, __WASI_FILETYPE_SOCKET_STREAM);
SAME(WASOCK_FD_DIRECTORY, __WASI_FILETYPE_DIRECTORY);

SAME(WASIP1_FDFLAGS_NONBLOCK, __WASI_FDFLAGS_NONBLOCK);
SAME(WASIP1_SDFLAGS_RD, __WASI_SDFLAGS_RD);
SAME(WASIP1_SDFLAGS_WR, __WASI_SDFLAGS_WR);
SAME(WASOCK_SHUTDOWN_READ, __WASI_SDFLAGS_RD);
SAME(WASOCK_SHUTDOWN_WRITE, __WASI_SDFLAGS_WR);
SAME(WASIP1_CLOCKID_MONOTONIC, __WASI_CLOCKID_MONOTONIC);
SAME(WASIP1_SUBCLOCKFLAGS_ABSTIME,
     __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
SAME(WASIP1_EVENTTYPE_CLOCK, __WASI_EVENTTYPE_CLOCK);
SAME(WASIP1_EVENTTYPE_FD_READ, __WASI_EVENTTYPE_FD_READ);
SAME(WASIP1_EVENTTYPE_FD_WRITE, __WASI_EVENTTYPE_FD_WRITE);
SAME(WASIP1_EVENTRWFLAGS_HANGUP, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);

SAME_SIZE(struct wasip1_fdstat, __wasi_fdstat_t);
SAME_OFFSET(struct wasip1_fdstat, filetype, __wasi_fdstat_t, fs_filetype);
SAME_OFFSET(struct wasip1_fdstat, flags, __wasi_fdstat_t, fs_flags);
SAME_OFFSET(struct wasip1_fdstat, rights_base, __wasi_fdstat_t, fs_rights_base);
SAME_OFFSET(struct wasip1_fdstat, rights_inheriting, __wasi_fdstat_t,
            fs_rights_inheriting);

SAME_SIZE(struct wasock_slice, __wasi_ciovec_t);
SAME_OFFSET(struct wasock_slice, data, __wasi_ciovec_t, buf);
SAME_OFFSET(struct wasock_slice, length, __wasi_ciovec_t, buf_len);
SAME_SIZE(struct wasock_buffer, __wasi_iovec_t);
SAME_OFFSET(struct wasock_buffer, data, __wasi_iovec_t, buf);
SAME_OFFSET(struct wasock_buffer, capacity, __wasi_iovec_t, buf_len);

SAME_SIZE(struct wasock__subscription, __wasi_subscription_t);
SAME_OFFSET(struct wasock__subscription, userdata, __wasi_subscription_t,
            userdata);
SAME_OFFSET(struct wasock__subscription, tag, __wasi_subscription_t, u.tag);
SAME_OFFSET(struct wasock__subscription, of.fd, __wasi_subscription_t,
            u.u.fd_read.file_descriptor);
SAME_OFFSET(struct wasock__subscription, of.clock.id, __wasi_subscription_t,
            u.u.clock.id);
SAME_OFFSET(struct wasock__subscription, of.clock.timeout_ns,
            __wasi_subscription_t, u.u.clock.timeout);
SAME_OFFSET(struct wasock__subscription, of.clock.precision_ns,
            __wasi_subscription_t, u.u.clock.precision);
SAME_OFFSET(struct wasock__subscription, of.clock.flags, __wasi_subscription_t,
            u.u.clock.flags);

SAME_SIZE(struct wasock__event, __wasi_event_t);
SAME_OFFSET(struct wasock__event, userdata, __wasi_event_t, userdata);
SAME_OFFSET(struct wasock__event, error, __wasi_event_t, error);
SAME_OFFSET(struct wasock__event, type, __wasi_event_t, type);
SAME_OFFSET(struct wasock__event, n_bytes, __wasi_event_t, fd_readwrite.nbytes);
SAME_OFFSET(struct wasock__event, flags, __wasi_event_t, fd_readwrite.flags);
