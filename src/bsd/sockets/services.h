/* SPDX-License-Identifier: MIT */
/* services.h - the ports of well-known services. */
#ifndef WASOCK_BSD_SOCKETS_SERVICES_H
#define WASOCK_BSD_SOCKETS_SERVICES_H

/* Protocols of a service, a mask. */
#define WASOCK_BSD_TCP 1U
#define WASOCK_BSD_UDP 2U

/* Get the port of a service, by one of the protocols; -1: not known. */
int wasock_bsd__service_port(const char *name, unsigned protocols);

/* Get the name of a port's service, by one of the protocols; NULL: none. */
const char *wasock_bsd__service_name(int port, unsigned protocols);

#endif
