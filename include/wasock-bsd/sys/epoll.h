/* SPDX-License-Identifier: MIT */
/* sys/epoll.h - epoll on wasock's poller: the cost of a wait follows the
 * active descriptors, not the watched ones. */
#ifndef WASOCK_BSD_SYS_EPOLL_H
#define WASOCK_BSD_SYS_EPOLL_H

#include <wasock_bsd_rename.h>

#include <__typedef_sigset_t.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EPOLL_CLOEXEC 02000000

enum EPOLL_EVENTS {
    EPOLLIN = 0x001,
    EPOLLPRI = 0x002,
    EPOLLOUT = 0x004,
    EPOLLERR = 0x008,
    EPOLLHUP = 0x010,
    EPOLLRDNORM = 0x040,
    EPOLLRDBAND = 0x080,
    EPOLLWRNORM = 0x100,
    EPOLLWRBAND = 0x200,
    EPOLLMSG = 0x400,
    EPOLLRDHUP = 0x2000
};
#define EPOLLIN 0x001U
#define EPOLLPRI 0x002U
#define EPOLLOUT 0x004U
#define EPOLLERR 0x008U
#define EPOLLHUP 0x010U
#define EPOLLRDNORM 0x040U
#define EPOLLRDBAND 0x080U
#define EPOLLWRNORM 0x100U
#define EPOLLWRBAND 0x200U
#define EPOLLMSG 0x400U
#define EPOLLRDHUP 0x2000U
#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP (1U << 29)
#define EPOLLONESHOT (1U << 30)
#define EPOLLET (1U << 31)

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

typedef union epoll_data {
    void *ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
} epoll_data_t;

struct epoll_event {
    uint32_t events;
    epoll_data_t data;
};

int epoll_create(int size) WASOCK_BSD(epoll_create);
int epoll_create1(int flags) WASOCK_BSD(epoll_create1);
int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
    WASOCK_BSD(epoll_ctl);
int epoll_wait(int epoll_fd, struct epoll_event *events, int capacity,
               int timeout_ms) WASOCK_BSD(epoll_wait);
int epoll_pwait(int epoll_fd, struct epoll_event *events, int capacity,
                int timeout_ms, const sigset_t *mask) WASOCK_BSD(epoll_pwait);
int epoll_pwait2(int epoll_fd, struct epoll_event *events, int capacity,
                 const struct timespec *timeout, const sigset_t *mask)
    WASOCK_BSD(epoll_pwait2);

#ifdef __cplusplus
}
#endif

#endif
