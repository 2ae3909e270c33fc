/* SPDX-License-Identifier: MIT */
/*
 * sys/socket.h - sockets over the listeners that the host opened.
 *
 * Address families, types and SOCK_ flags keep wasi-libc's numbers, because its
 * inet_pton and inet_ntop know them; SHUT_, MSG_ and SO_ have Linux's.
 */
#ifndef WASOCK_BSD_SYS_SOCKET_H
#define WASOCK_BSD_SYS_SOCKET_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/socket.h>

#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef AF_LOCAL
#define AF_LOCAL AF_UNIX
#endif
#ifndef AF_NETLINK
#define AF_NETLINK 16
#endif
#ifndef AF_MAX
#define AF_MAX 46
#endif
#ifndef PF_MAX
#define PF_MAX AF_MAX
#endif
#ifndef PF_UNSPEC
#define PF_UNSPEC AF_UNSPEC
#endif
#ifndef PF_INET
#define PF_INET AF_INET
#endif
#ifndef PF_INET6
#define PF_INET6 AF_INET6
#endif
#ifndef PF_UNIX
#define PF_UNIX AF_UNIX
#endif
#ifndef PF_LOCAL
#define PF_LOCAL PF_UNIX
#endif

#ifndef SOCK_RAW
#define SOCK_RAW 3
#endif
#ifndef SOCK_SEQPACKET
#define SOCK_SEQPACKET 7
#endif

#undef SHUT_RD
#undef SHUT_WR
#undef SHUT_RDWR
#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#undef SOMAXCONN
#define SOMAXCONN 128

#undef MSG_OOB
#undef MSG_PEEK
#undef MSG_DONTROUTE
#undef MSG_CTRUNC
#undef MSG_TRUNC
#undef MSG_DONTWAIT
#undef MSG_EOR
#undef MSG_WAITALL
#undef MSG_NOSIGNAL
#undef MSG_MORE
#undef MSG_CMSG_CLOEXEC
#define MSG_OOB 0x0001
#define MSG_PEEK 0x0002
#define MSG_DONTROUTE 0x0004
#define MSG_CTRUNC 0x0008
#define MSG_TRUNC 0x0020
#define MSG_DONTWAIT 0x0040
#define MSG_EOR 0x0080
#define MSG_WAITALL 0x0100
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_CMSG_CLOEXEC 0x40000000

#undef SO_DEBUG
#undef SO_REUSEADDR
#undef SO_TYPE
#undef SO_ERROR
#undef SO_DONTROUTE
#undef SO_BROADCAST
#undef SO_SNDBUF
#undef SO_RCVBUF
#undef SO_KEEPALIVE
#undef SO_OOBINLINE
#undef SO_PRIORITY
#undef SO_LINGER
#undef SO_REUSEPORT
#undef SO_RCVLOWAT
#undef SO_SNDLOWAT
#undef SO_RCVTIMEO
#undef SO_SNDTIMEO
#undef SO_ACCEPTCONN
#undef SO_PROTOCOL
#undef SO_DOMAIN
#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_REUSEPORT 15
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39

#define SCM_RIGHTS 1

/* Passing descriptors fails; the macros let programs compile. */
struct cmsghdr {
    socklen_t cmsg_len;
    int cmsg_level;
    int cmsg_type;
};
#define CMSG_ALIGN(length)                                                     \
    (((length) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define CMSG_SPACE(length)                                                     \
    (CMSG_ALIGN(length) + CMSG_ALIGN(sizeof(struct cmsghdr)))
#define CMSG_LEN(length) (CMSG_ALIGN(sizeof(struct cmsghdr)) + (length))
#define CMSG_DATA(cmsg) ((unsigned char *)((cmsg) + 1))
#define CMSG_FIRSTHDR(message)                                                 \
    ((size_t)(message)->msg_controllen >= sizeof(struct cmsghdr)               \
         ? (struct cmsghdr *)(message)->msg_control                            \
         : (struct cmsghdr *)0)
#define CMSG_NXTHDR(message, cmsg)                                             \
    ((cmsg)->cmsg_len < sizeof(struct cmsghdr) ||                              \
             (size_t)(((unsigned char *)(message)->msg_control +               \
                       (message)->msg_controllen) -                            \
                      (unsigned char *)(cmsg)) <                               \
                 CMSG_ALIGN((cmsg)->cmsg_len) + sizeof(struct cmsghdr)         \
         ? (struct cmsghdr *)0                                                 \
         : (struct cmsghdr *)(void *)((unsigned char *)(cmsg) +                \
                                      CMSG_ALIGN((cmsg)->cmsg_len)))

int socket(int domain, int type, int protocol) WASOCK_BSD(socket);
int socketpair(int domain, int type, int protocol, int fds[2])
    WASOCK_BSD(socketpair);
int bind(int fd, const struct sockaddr *address, socklen_t length)
    WASOCK_BSD(bind);
int connect(int fd, const struct sockaddr *address, socklen_t length)
    WASOCK_BSD(connect);
int listen(int fd, int backlog) WASOCK_BSD(listen);
int accept(int fd, struct sockaddr *__restrict address,
           socklen_t *__restrict length) WASOCK_BSD(accept);
int accept4(int fd, struct sockaddr *__restrict address,
            socklen_t *__restrict length, int flags) WASOCK_BSD(accept4);
int shutdown(int fd, int how) WASOCK_BSD(shutdown);
int getsockname(int fd, struct sockaddr *__restrict address,
                socklen_t *__restrict length) WASOCK_BSD(getsockname);
int getpeername(int fd, struct sockaddr *__restrict address,
                socklen_t *__restrict length) WASOCK_BSD(getpeername);
ssize_t send(int fd, const void *data, size_t length, int flags)
    WASOCK_BSD(send);
ssize_t recv(int fd, void *buffer, size_t capacity, int flags) WASOCK_BSD(recv);
ssize_t sendto(int fd, const void *data, size_t length, int flags,
               const struct sockaddr *to, socklen_t to_length)
    WASOCK_BSD(sendto);
ssize_t recvfrom(int fd, void *__restrict buffer, size_t capacity, int flags,
                 struct sockaddr *__restrict from,
                 socklen_t *__restrict from_length) WASOCK_BSD(recvfrom);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
    WASOCK_BSD(sendmsg);
ssize_t recvmsg(int fd, struct msghdr *message, int flags) WASOCK_BSD(recvmsg);
int getsockopt(int fd, int level, int option, void *__restrict value,
               socklen_t *__restrict length) WASOCK_BSD(getsockopt);
int setsockopt(int fd, int level, int option, const void *value,
               socklen_t length) WASOCK_BSD(setsockopt);
int sockatmark(int fd) WASOCK_BSD(sockatmark);

#ifdef __cplusplus
}
#endif

#endif
