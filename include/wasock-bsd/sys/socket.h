/* SPDX-License-Identifier: MIT */
/*
 * sys/socket.h - sockets over the listeners that the host opened.
 *
 * Address families keep wasi-libc's numbers, which its inet_pton and inet_ntop
 * know; SOCK_, SHUT_, MSG_, SOL_ and SO_ have Linux's.
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

struct mmsghdr;
struct timespec;

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

#ifndef AF_PACKET
#define AF_PACKET 17
#endif
#ifndef PF_NETLINK
#define PF_NETLINK AF_NETLINK
#endif
#ifndef PF_PACKET
#define PF_PACKET AF_PACKET
#endif

#undef SOCK_STREAM
#undef SOCK_DGRAM
#undef SOCK_NONBLOCK
#undef SOCK_CLOEXEC
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_RDM 4
#define SOCK_SEQPACKET 5
#define SOCK_DCCP 6
#define SOCK_PACKET 10
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000

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
#undef MSG_PROXY
#undef MSG_TRUNC
#undef MSG_DONTWAIT
#undef MSG_EOR
#undef MSG_WAITALL
#undef MSG_NOSIGNAL
#undef MSG_MORE
#undef MSG_FIN
#undef MSG_SYN
#undef MSG_CONFIRM
#undef MSG_RST
#undef MSG_ERRQUEUE
#undef MSG_WAITFORONE
#undef MSG_FASTOPEN
#undef MSG_CMSG_CLOEXEC
#define MSG_OOB 0x0001
#define MSG_PEEK 0x0002
#define MSG_DONTROUTE 0x0004
#define MSG_CTRUNC 0x0008
#define MSG_PROXY 0x0010
#define MSG_TRUNC 0x0020
#define MSG_DONTWAIT 0x0040
#define MSG_EOR 0x0080
#define MSG_WAITALL 0x0100
#define MSG_FIN 0x0200
#define MSG_SYN 0x0400
#define MSG_CONFIRM 0x0800
#define MSG_RST 0x1000
#define MSG_ERRQUEUE 0x2000
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_WAITFORONE 0x10000
#define MSG_FASTOPEN 0x20000000
#define MSG_CMSG_CLOEXEC 0x40000000

#undef SOL_SOCKET
#undef SOL_IP
#undef SOL_TCP
#undef SOL_UDP
#undef SOL_IPV6
#undef SOL_ICMPV6
#undef SOL_RAW
#define SOL_SOCKET 1
#define SOL_IP 0
#define SOL_TCP 6
#define SOL_UDP 17
#define SOL_IPV6 41
#define SOL_ICMPV6 58
#define SOL_RAW 255

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
#undef SO_NO_CHECK
#undef SO_BSDCOMPAT
#undef SO_PASSCRED
#undef SO_PEERCRED
#undef SO_BINDTODEVICE
#undef SO_ATTACH_FILTER
#undef SO_DETACH_FILTER
#undef SO_PEERNAME
#undef SO_TIMESTAMP
#undef SO_PEERSEC
#undef SO_SNDBUFFORCE
#undef SO_RCVBUFFORCE
#undef SO_PASSSEC
#undef SO_TIMESTAMPNS
#undef SO_MARK
#undef SO_TIMESTAMPING
#undef SO_RXQ_OVFL
#undef SO_PEEK_OFF
#undef SO_LOCK_FILTER
#undef SO_BUSY_POLL
#undef SO_MAX_PACING_RATE
#undef SO_INCOMING_CPU
#undef SO_COOKIE
#undef SO_ZEROCOPY
#undef SO_BINDTOIFINDEX
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
#define SO_NO_CHECK 11
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_BSDCOMPAT 14
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_BINDTODEVICE 25
#define SO_ATTACH_FILTER 26
#define SO_DETACH_FILTER 27
#define SO_PEERNAME 28
#define SO_TIMESTAMP 29
#define SO_ACCEPTCONN 30
#define SO_PEERSEC 31
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_PASSSEC 34
#define SO_TIMESTAMPNS 35
#define SO_MARK 36
#define SO_TIMESTAMPING 37
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RXQ_OVFL 40
#define SO_PEEK_OFF 42
#define SO_LOCK_FILTER 44
#define SO_BUSY_POLL 46
#define SO_MAX_PACING_RATE 47
#define SO_INCOMING_CPU 49
#define SO_COOKIE 57
#define SO_ZEROCOPY 60
#define SO_BINDTOIFINDEX 62

#undef SCM_TIMESTAMP
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SCM_TIMESTAMP SO_TIMESTAMP

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
int sendmmsg(int fd, struct mmsghdr *messages, unsigned n_messages,
             unsigned flags) WASOCK_BSD(sendmmsg);
int recvmmsg(int fd, struct mmsghdr *messages, unsigned n_messages,
             unsigned flags, struct timespec *timeout) WASOCK_BSD(recvmmsg);
int getsockopt(int fd, int level, int option, void *__restrict value,
               socklen_t *__restrict length) WASOCK_BSD(getsockopt);
int setsockopt(int fd, int level, int option, const void *value,
               socklen_t length) WASOCK_BSD(setsockopt);
int sockatmark(int fd) WASOCK_BSD(sockatmark);

#ifdef __cplusplus
}
#endif

#endif
