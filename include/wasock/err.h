/* SPDX-License-Identifier: MIT */
/*
 * err.h - result codes.
 *
 * A call returns 0 or a count on success and a negative code on failure:
 * `-WASOCK_EAGAIN`. Codes below 256 are preview1's errno numbers and equal
 * those of wasi-libc's <errno.h>; the host's codes pass through unchanged.
 * Codes from 256 on are wasock's own.
 */
#ifndef WASOCK_ERR_H
#define WASOCK_ERR_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All codes: name, number, and a text: what happened, and what to do. */
/* clang-format off */
#define WASOCK_ERR_TABLE(X)                                                    \
    X(E2BIG, 1, "argument list too long")                                      \
    X(EACCES, 2,                                                               \
      "permission denied by the host; wasmtime needs -S inherit-network")      \
    X(EADDRINUSE, 3, "address already in use; choose another port")            \
    X(EADDRNOTAVAIL, 4, "no address of this machine, or no free port")         \
    X(EAFNOSUPPORT, 5, "address family not supported")                         \
    X(EAGAIN, 6, "not ready; wait for readiness, then try again")              \
    X(EALREADY, 7, "operation already in progress")                            \
    X(EBADF, 8, "bad descriptor; it was never opened, or is closed")           \
    X(EBADMSG, 9, "bad message")                                               \
    X(EBUSY, 10, "busy; close the other objects on this descriptor first")     \
    X(ECANCELED, 11, "operation cancelled")                                    \
    X(ECHILD, 12, "no child process")                                          \
    X(ECONNABORTED, 13, "connection aborted; accept the next one")             \
    X(ECONNREFUSED, 14, "connection refused; no listener at this address")     \
    X(ECONNRESET, 15, "connection reset by the peer; close it")                \
    X(EDEADLK, 16, "resource deadlock avoided")                                \
    X(EDESTADDRREQ, 17, "destination address required")                        \
    X(EDOM, 18, "argument outside the domain of the function")                 \
    X(EDQUOT, 19, "disk quota exceeded")                                       \
    X(EEXIST, 20,                                                              \
      "exists; to change a poller's registration use wasock_poller_modify")    \
    X(EFAULT, 21, "bad address")                                               \
    X(EFBIG, 22, "file too large")                                             \
    X(EHOSTUNREACH, 23, "host is unreachable")                                 \
    X(EIDRM, 24, "identifier removed")                                         \
    X(EILSEQ, 25, "illegal byte sequence")                                     \
    X(EINPROGRESS, 26, "operation in progress")                                \
    X(EINTR, 27, "interrupted; try again")                                     \
    X(EINVAL, 28, "invalid argument")                                          \
    X(EIO, 29, "input/output error; on wazero also: the peer is gone")         \
    X(EISCONN, 30, "socket is already connected")                              \
    X(EISDIR, 31, "is a directory")                                            \
    X(ELOOP, 32, "too many symbolic links")                                    \
    X(EMFILE, 33, "too many open descriptors; close some, or raise ulimit -n") \
    X(EMLINK, 34, "too many links")                                            \
    X(EMSGSIZE, 35,                                                            \
      "message too large for a datagram, or for a server's input_bytes")       \
    X(EMULTIHOP, 36, "multihop attempted")                                     \
    X(ENAMETOOLONG, 37, "name too long")                                       \
    X(ENETDOWN, 38, "network is down")                                         \
    X(ENETRESET, 39, "connection aborted by the network")                      \
    X(ENETUNREACH, 40, "network is unreachable")                               \
    X(ENFILE, 41, "too many open files on the host; close some")               \
    X(ENOBUFS, 42, "no buffer space; try again after output is sent")          \
    X(ENODEV, 43, "no such device")                                            \
    X(ENOENT, 44,                                                              \
      "no such file, variable, listener name or poller registration")          \
    X(ENOEXEC, 45, "not an executable")                                        \
    X(ENOLCK, 46, "no locks available")                                        \
    X(ENOLINK, 47, "link severed")                                             \
    X(ENOMEM, 48, "the host is out of memory; try again later")                \
    X(ENOMSG, 49, "no message of that type")                                   \
    X(ENOPROTOOPT, 50, "option not supported by the protocol")                 \
    X(ENOSPC, 51, "no space left")                                             \
    X(ENOSYS, 52, "the host has no such call; preview1 opens no sockets")      \
    X(ENOTCONN, 53, "not connected, or the peer is gone; close it")            \
    X(ENOTDIR, 54, "not a directory")                                          \
    X(ENOTEMPTY, 55, "directory not empty")                                    \
    X(ENOTRECOVERABLE, 56, "state not recoverable")                            \
    X(ENOTSOCK, 57, "not a socket but a file, a directory or a terminal")      \
    X(ENOTSUP, 58, "not supported")                                            \
    X(ENOTTY, 59, "not a terminal")                                            \
    X(ENXIO, 60, "no such device or address")                                  \
    X(EOVERFLOW, 61, "value too large for its type")                           \
    X(EOWNERDEAD, 62, "previous owner died")                                   \
    X(EPERM, 63, "operation not permitted")                                    \
    X(EPIPE, 64, "the peer is gone, or this side shut its writing half")       \
    X(EPROTO, 65, "protocol error")                                            \
    X(EPROTONOSUPPORT, 66, "protocol not supported")                           \
    X(EPROTOTYPE, 67, "wrong type of socket for this address")                 \
    X(ERANGE, 68, "result out of range")                                       \
    X(EROFS, 69, "read-only file system")                                      \
    X(ESPIPE, 70, "descriptor cannot seek")                                    \
    X(ESRCH, 71, "no such process")                                            \
    X(ESTALE, 72, "stale file handle")                                         \
    X(ETIMEDOUT, 73, "connection timed out: the peer does not answer")         \
    X(ETXTBSY, 74, "text file busy")                                           \
    X(EXDEV, 75, "cross-device link")                                          \
    X(ENOTCAPABLE, 76, "the host did not grant this right on the descriptor")  \
    X(ECLOSED, 256, "the object is closed; open it before use")                \
    X(EDEADLINE, 257, "deadline exceeded; set a later one to continue")        \
    X(ESTORAGE, 258, "the caller's memory is too small, or full")              \
    X(ENOPREOPEN, 259, "the host opened no such listener")                     \
    X(ENOTLISTENER, 260, "the descriptor is a connection, not a listener")     \
    X(ENOTCONNECTION, 261,                                                     \
      "the descriptor is a listener; accept a connection from it")             \
    X(EDEADLOCK, 262,                                                          \
      "the call would block for ever: nothing can end the wait")               \
    X(EHOST, 263, "the host's answer breaks WASI's rules; it has a bug")       \
    X(ECLOCK, 264,                                                             \
      "real and in-process sockets cannot share a poller: clocks differ")      \
    X(EOPEN, 265, "the object is already open; close it first")
/* clang-format on */

enum wasock_err {
#define WASOCK__ERR_CONSTANT(name, number, text) WASOCK_##name = (number),
    WASOCK_ERR_TABLE(WASOCK__ERR_CONSTANT)
#undef WASOCK__ERR_CONSTANT
        WASOCK_OK = 0
};

/*
 * Get the name of a code: "EAGAIN" for -WASOCK_EAGAIN.
 * code: of either sign. Pass errors only: 6 is "EAGAIN", even as a byte count.
 * Returns a static string: "OK" for 0, "E?" for an unknown code.
 */
const char *wasock_err_name(ptrdiff_t code);

/*
 * Get the text of a code: what happened, and what to do.
 * code: of either sign.
 * Returns a static string.
 */
const char *wasock_err_text(ptrdiff_t code);

/*
 * Check whether the error of a read, write or shutdown means that the peer is
 * gone. Hosts use different codes for it: EPIPE, ECONNRESET, ECONNABORTED,
 * ENOTCONN, ENETRESET, ETIMEDOUT, and EIO (wazero, for all of them).
 * code: of either sign.
 */
bool wasock_err_is_disconnect(ptrdiff_t code);

#ifdef __cplusplus
}
#endif

#endif
