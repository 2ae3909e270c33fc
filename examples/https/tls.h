/* SPDX-License-Identifier: MIT */
/*
 * tls.h - TLS for a server: a transport of the server layer, by mbedTLS.
 */
#ifndef HTTPS_TLS_H
#define HTTPS_TLS_H

#include <stddef.h>

#include <wasock/wasock.h>

/*
 * Read the server's certificate and its key. Call it before the server runs.
 * certificate: a file in PEM: the certificate, then those of the authorities
 *   between it and the root.
 * key: a file in PEM, without a password.
 * n_clients: of the server's options.
 * Returns 0, or an error after it has printed the reason to stderr.
 */
int tls_init(const char *certificate, const char *key, size_t n_clients)
    __attribute__((warn_unused_result));

/* For `transport` of the server's options. */
extern const struct wasock_transport tls_transport;

#endif
