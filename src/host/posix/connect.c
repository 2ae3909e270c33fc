/* SPDX-License-Identifier: MIT */
/* connect.c - listeners and connections that a native program opens, and
 * their addresses. */
/* For SOCK_NONBLOCK. NOLINTNEXTLINE(readability-identifier-naming) */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <wasock/err.h>

#include "../../host.h"
#include "internal.h"

int32_t wasock__host_first_fd(void)
{
    return 3;
}

/* ---- Addresses ---- */

union socket_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
};

/* Convert an IPv4 or IPv6 address. Returns its length, or 0. */
static socklen_t to_system(const struct wasock_addr *addr,
                           union socket_address *result)
{
    memset(result, 0, sizeof(*result));
    switch (addr->family) {
    case WASOCK_ADDR_IPV4:
        result->ipv4.sin_family = AF_INET;
        result->ipv4.sin_port = htons(addr->port);
        memcpy(&result->ipv4.sin_addr, addr->ip, sizeof(struct in_addr));
        return sizeof(result->ipv4);
    case WASOCK_ADDR_IPV6:
        result->ipv6.sin6_family = AF_INET6;
        result->ipv6.sin6_port = htons(addr->port);
        memcpy(&result->ipv6.sin6_addr, addr->ip, sizeof(struct in6_addr));
        return sizeof(result->ipv6);
    default:
        return 0;
    }
}

/* Convert the name of a local socket; one without is unspecified. */
static void name_from_system(const struct sockaddr_un *local, socklen_t length,
                             struct wasock_addr *addr)
{
    const size_t offset = offsetof(struct sockaddr_un, sun_path);
    const size_t room = sizeof(addr->name) - 1;

    if (length <= offset || local->sun_path[0] == '\0') {
        return;
    }
    addr->family = WASOCK_ADDR_NAME;
    memcpy(addr->name, local->sun_path,
           length - offset < room ? length - offset : room);
}

static void from_system(const union socket_address *address, socklen_t length,
                        struct wasock_addr *addr)
{
    memset(addr, 0, sizeof(*addr));
    switch (address->any.sa_family) {
    case AF_INET:
        addr->family = WASOCK_ADDR_IPV4;
        addr->port = ntohs(address->ipv4.sin_port);
        memcpy(addr->ip, &address->ipv4.sin_addr, sizeof(struct in_addr));
        break;
    case AF_INET6:
        addr->family = WASOCK_ADDR_IPV6;
        addr->port = ntohs(address->ipv6.sin6_port);
        memcpy(addr->ip, &address->ipv6.sin6_addr, sizeof(struct in6_addr));
        break;
    case AF_UNIX:
        name_from_system(&address->local, length, addr);
        break;
    default:
        break;
    }
}

static int32_t get_addr(int (*get)(int fd, struct sockaddr *address,
                                   socklen_t *length),
                        int fd, struct wasock_addr *addr)
{
    union socket_address address;
    socklen_t length = sizeof(address);

    memset(&address, 0, sizeof(address));
    if (get(fd, &address.any, &length) < 0) {
        return wasock__posix_errno(errno);
    }
    from_system(&address, length, addr);
    return 0;
}

int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr)
{
    return get_addr(getsockname, fd, addr);
}

int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr)
{
    return get_addr(getpeername, fd, addr);
}

/* ---- Sockets ---- */

static bool set_option(int fd, int level, int option)
{
    const int yes = 1;

    return setsockopt(fd, level, option, &yes, sizeof(yes)) == 0;
}

/* Close a socket after an error. Returns the error as a preview1 errno. */
static int32_t close_failed(int fd)
{
    wasock__posix_close_after_error(fd);
    return wasock__posix_errno(errno);
}

/* Open a non-blocking stream socket for an address, or return -1. Other
 * programs do not inherit it. Small writes are sent at once; accepted
 * connections inherit that. */
static int open_stream(const struct wasock_addr *addr,
                       union socket_address *address, socklen_t *length)
{
    *length = to_system(addr, address);
    if (*length == 0) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    const int fd = socket(address->any.sa_family, SOCK_STREAM, 0);
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
                    fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
                    !set_option(fd, IPPROTO_TCP, TCP_NODELAY))) {
        wasock__posix_close_after_error(fd);
        return -1;
    }
    return fd;
}

int32_t wasock__host_listen(const struct wasock_addr *addr, uint32_t backlog,
                            int32_t *fd)
{
    union socket_address address;
    socklen_t length = 0;
    const int opened_fd = open_stream(addr, &address, &length);

    if (opened_fd < 0) {
        return wasock__posix_errno(errno);
    }
    if (!set_option(opened_fd, SOL_SOCKET, SO_REUSEADDR) ||
        bind(opened_fd, &address.any, length) < 0 ||
        listen(opened_fd, (int)backlog) < 0) {
        return close_failed(opened_fd);
    }
    *fd = opened_fd;
    return 0;
}

int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd)
{
    union socket_address address;
    socklen_t length = 0;
    const int opened_fd = open_stream(addr, &address, &length);

    if (opened_fd < 0) {
        return wasock__posix_errno(errno);
    }
    if (connect(opened_fd, &address.any, length) < 0 && errno != EINPROGRESS &&
        errno != EINTR) {
        return close_failed(opened_fd);
    }
    *fd = opened_fd;
    return 0;
}

int32_t wasock__host_connect_result(int32_t fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof(error);

    const int n_ready = poll(&pollfd, 1, 0);
    if (n_ready < 0) {
        return wasock__posix_errno(errno);
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) {
        return wasock__posix_errno(errno);
    }
    if (error != 0) {
        return wasock__posix_errno(error);
    }
    /* A connection whose buffer is full is not writable either. */
    union socket_address peer;
    length = sizeof(peer);
    if (n_ready == 0 && getpeername(fd, &peer.any, &length) < 0) {
        return WASOCK_EAGAIN;
    }
    return 0;
}

/* ---- Names ---- */

/* getaddrinfo's errors as codes. */
static int32_t lookup_error(int error)
{
    switch (error) {
    case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA: /* the name has no address */
#endif
        return WASOCK_ENOENT;
    case EAI_AGAIN:
        return WASOCK_EAGAIN;
    case EAI_MEMORY:
        return WASOCK_ENOMEM;
    case EAI_SYSTEM:
        return wasock__posix_errno(errno);
    default:
        return WASOCK_EIO;
    }
}

int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(name, NULL, &hints, &found);
    if (error != 0) {
        return lookup_error(error);
    }
    *n_addrs = 0;
    for (const struct addrinfo *next = found;
         next != NULL && *n_addrs < capacity; next = next->ai_next) {
        union socket_address address;
        memset(&address, 0, sizeof(address));
        memcpy(&address, next->ai_addr, next->ai_addrlen);
        from_system(&address, next->ai_addrlen, &addrs[*n_addrs]);
        *n_addrs += 1;
    }
    freeaddrinfo(found);
    return 0;
}
