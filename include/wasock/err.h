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

/* The table of all codes: name, number, and a text that says what happened and
 * what to try. */
/* clang-format off */
#define WASOCK_ERR_TABLE(X)                                                    \
    X(E2BIG, 1, "argument list too long")                                      \
    X(EACCES, 2, "permission denied by the host")                              \
    X(EADDRINUSE, 3,                                                           \
      "address already in use; close its owner or take another port")          \
    X(EADDRNOTAVAIL, 4, "address not available here")                          \
    X(EAFNOSUPPORT, 5, "address family not supported")                         \
    X(EAGAIN, 6, "nothing there yet; wait for readiness and try again")        \
    X(EALREADY, 7, "operation already under way")                              \
    X(EBADF, 8,                                                                \
      "no such descriptor; the host opened none with this number, or it "      \
      "has been closed")                                                       \
    X(EBADMSG, 9, "bad message")                                               \
    X(EBUSY, 10,                                                               \
      "busy; another object shares this descriptor, close that first")         \
    X(ECANCELED, 11, "operation cancelled")                                    \
    X(ECHILD, 12, "no child process")                                          \
    X(ECONNABORTED, 13,                                                        \
      "connection aborted before it was accepted; go on accepting")            \
    X(ECONNREFUSED, 14, "connection refused; nobody listens there")            \
    X(ECONNRESET, 15, "connection reset by the peer; close it")                \
    X(EDEADLK, 16, "resource deadlock avoided")                                \
    X(EDESTADDRREQ, 17, "destination address required")                        \
    X(EDOM, 18, "argument outside the domain of the function")                 \
    X(EDQUOT, 19, "disk quota exceeded")                                       \
    X(EEXIST, 20, "file exists")                                               \
    X(EFAULT, 21, "bad address")                                               \
    X(EFBIG, 22, "file too large")                                             \
    X(EHOSTUNREACH, 23, "host is unreachable")                                 \
    X(EIDRM, 24, "identifier removed")                                         \
    X(EILSEQ, 25, "illegal byte sequence")                                     \
    X(EINPROGRESS, 26, "operation in progress")                                \
    X(EINTR, 27, "interrupted; try again")                                     \
    X(EINVAL, 28, "invalid argument")                                          \
    X(EIO, 29, "input/output error; some hosts say this of every dead peer")   \
    X(EISCONN, 30, "socket is connected already")                              \
    X(EISDIR, 31, "is a directory")                                            \
    X(ELOOP, 32, "too many symbolic links")                                    \
    X(EMFILE, 33, "too many open descriptors; close some, then try again")     \
    X(EMLINK, 34, "too many links")                                            \
    X(EMSGSIZE, 35,                                                            \
      "message too large: for one datagram, or for the buffer of a server's "  \
      "client (input_bytes)")                                                  \
    X(EMULTIHOP, 36, "multihop attempted")                                     \
    X(ENAMETOOLONG, 37, "name too long")                                       \
    X(ENETDOWN, 38, "network is down")                                         \
    X(ENETRESET, 39, "connection aborted by the network")                      \
    X(ENETUNREACH, 40, "network is unreachable")                               \
    X(ENFILE, 41,                                                              \
      "too many open files on the host; close some, then try again")           \
    X(ENOBUFS, 42, "no buffer space; try again later")                         \
    X(ENODEV, 43, "no such device")                                            \
    X(ENOENT, 44, "no such file, directory or name")                           \
    X(ENOEXEC, 45, "not an executable")                                        \
    X(ENOLCK, 46, "no locks available")                                        \
    X(ENOLINK, 47, "link severed")                                             \
    X(ENOMEM, 48, "the host is out of memory; try again later")                \
    X(ENOMSG, 49, "no message of that type")                                   \
    X(ENOPROTOOPT, 50, "option not supported by the protocol")                 \
    X(ENOSPC, 51, "no space left")                                             \
    X(ENOSYS, 52, "not implemented by this host")                              \
    X(ENOTCONN, 53, "not connected; the peer has gone")                        \
    X(ENOTDIR, 54, "not a directory")                                          \
    X(ENOTEMPTY, 55, "directory not empty")                                    \
    X(ENOTRECOVERABLE, 56, "state not recoverable")                            \
    X(ENOTSOCK, 57,                                                            \
      "not a socket; the descriptor is a file, a directory or a terminal")     \
    X(ENOTSUP, 58, "not supported")                                            \
    X(ENOTTY, 59, "not a terminal")                                            \
    X(ENXIO, 60, "no such device or address")                                  \
    X(EOVERFLOW, 61, "value too large for its type")                           \
    X(EOWNERDEAD, 62, "previous owner died")                                   \
    X(EPERM, 63, "operation not permitted")                                    \
    X(EPIPE, 64,                                                               \
      "nobody reads any more: the peer has gone or this side's writing "       \
      "was shut down")                                                         \
    X(EPROTO, 65, "protocol error")                                            \
    X(EPROTONOSUPPORT, 66, "protocol not supported")                           \
    X(EPROTOTYPE, 67, "wrong type of socket for this address")                 \
    X(ERANGE, 68, "result out of range")                                       \
    X(EROFS, 69, "read-only file system")                                      \
    X(ESPIPE, 70, "cannot seek there")                                         \
    X(ESRCH, 71, "no such process")                                            \
    X(ESTALE, 72, "stale file handle")                                         \
    X(ETIMEDOUT, 73, "connection timed out: the network gave the peer up")     \
    X(ETXTBSY, 74, "text file busy")                                           \
    X(EXDEV, 75, "cross-device link")                                          \
    X(ENOTCAPABLE, 76, "the host did not grant this right on the descriptor")  \
    X(ECLOSED, 256, "use of a closed object; open it again first")             \
    X(EDEADLINE, 257, "deadline exceeded; set a later one to go on")           \
    X(ESTORAGE, 258,                                                           \
      "the memory given is full; give more, or remove something")              \
    X(ENOPREOPEN, 259, "no such preopened socket; see wasock_preopen_explain") \
    X(ENOTLISTENER, 260, "a connection, where a listener is needed")           \
    X(ENOTCONNECTION, 261,                                                     \
      "a listener, where a connection is needed; accept from it")              \
    X(EDEADLOCK, 262,                                                          \
      "this would wait for ever: nobody is left who could end it")             \
    X(EHOST, 263, "the host answered what preview1 does not allow")            \
    X(ECLOCK, 264,                                                             \
      "sockets of two clocks cannot be waited for together")                   \
    X(EOPEN, 265, "the object to open is open already; close it first")
/* clang-format on */

enum wasock_err {
#define WASOCK__ERR_CONSTANT(name, number, text) WASOCK_##name = (number),
    WASOCK_ERR_TABLE(WASOCK__ERR_CONSTANT)
#undef WASOCK__ERR_CONSTANT
        WASOCK_OK = 0
};

/*
 * Name a code: "EAGAIN" for -WASOCK_EAGAIN.
 * code: of either sign. Pass errors only: a count of 6 bytes is "EAGAIN", too.
 * Returns a static string: "OK" for 0, "E?" for an unknown code.
 */
const char *wasock_err_name(ptrdiff_t code);

/*
 * Describe a code in a sentence: what happened and what to try.
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
