/* SPDX-License-Identifier: MIT */
/*
 * control.c - control messages of datagrams: IP_PKTINFO and IPV6_PKTINFO.
 *
 * The address is the one that the socket is bound to, and the interface 0: the
 * host does not report where a datagram was sent to. So a server that is bound
 * to any address answers from any, as it does without these messages. Another
 * address to send from is EINVAL.
 */
#include "control.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define IPV4_BYTES 4
#define IPV6_BYTES 16

/* Whether the socket sends from an address: its own, or any. */
static bool is_own(struct socket *socket, const void *ip, size_t n_bytes)
{
    static const unsigned char any[IPV6_BYTES];
    struct wasock_addr local = {0};

    wasock_socket_local_addr(&socket->conn.socket, &local);
    return memcmp(ip, any, n_bytes) == 0 || memcmp(ip, local.ip, n_bytes) == 0;
}

static bool is_sendable(struct socket *socket, struct cmsghdr *header)
{
    struct in_pktinfo info;
    struct in6_pktinfo info6;

    if (socket->domain == AF_INET && header->cmsg_level == IPPROTO_IP &&
        header->cmsg_type == IP_PKTINFO &&
        header->cmsg_len >= CMSG_LEN(sizeof(info))) {
        memcpy(&info, CMSG_DATA(header), sizeof(info));
        return is_own(socket, &info.ipi_spec_dst, IPV4_BYTES);
    }
    if (socket->domain == AF_INET6 && header->cmsg_level == IPPROTO_IPV6 &&
        header->cmsg_type == IPV6_PKTINFO &&
        header->cmsg_len >= CMSG_LEN(sizeof(info6))) {
        memcpy(&info6, CMSG_DATA(header), sizeof(info6));
        return is_own(socket, &info6.ipi6_addr, IPV6_BYTES);
    }
    return false;
}

int wasock_bsd__check_control(struct socket *socket,
                              const struct msghdr *message)
{
    struct cmsghdr *header =
        message->msg_control == NULL ? NULL : CMSG_FIRSTHDR(message);

    while (header != NULL) {
        const size_t left =
            (size_t)message->msg_controllen -
            (size_t)((const char *)header - (const char *)message->msg_control);
        if (header->cmsg_len < sizeof(*header) || header->cmsg_len > left ||
            !is_sendable(socket, header)) {
            return -EINVAL;
        }
        header = CMSG_NXTHDR(message, header);
    }
    return 0;
}

static void write_one(struct msghdr *message, size_t room, int level, int type,
                      const void *data, size_t length)
{
    const struct cmsghdr header = {
        .cmsg_len = CMSG_LEN(length), .cmsg_level = level, .cmsg_type = type};

    if (room < CMSG_LEN(length)) {
        message->msg_flags |= MSG_CTRUNC;
        return;
    }
    memcpy(message->msg_control, &header, sizeof(header));
    memcpy((char *)message->msg_control + CMSG_LEN(0), data, length);
    message->msg_controllen =
        (socklen_t)(room < CMSG_SPACE(length) ? room : CMSG_SPACE(length));
}

void wasock_bsd__write_control(struct socket *socket, struct msghdr *message)
{
    const size_t room =
        message->msg_control == NULL ? 0 : (size_t)message->msg_controllen;
    struct wasock_addr local = {0};
    struct in_pktinfo info = {0};
    struct in6_pktinfo info6 = {0};

    message->msg_controllen = 0;
    wasock_socket_local_addr(&socket->conn.socket, &local);
    if (socket->domain == AF_INET &&
        wasock_bsd__is_on(socket, IPPROTO_IP, IP_PKTINFO)) {
        memcpy(&info.ipi_addr, local.ip, IPV4_BYTES);
        info.ipi_spec_dst = info.ipi_addr;
        write_one(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else if (socket->domain == AF_INET6 &&
               wasock_bsd__is_on(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO)) {
        memcpy(&info6.ipi6_addr, local.ip, IPV6_BYTES);
        write_one(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info6,
                  sizeof(info6));
    }
}
