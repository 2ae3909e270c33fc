/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/random.h>
#endif

#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#define RANDOM_BYTES_MAX 256 /* of one getentropy */

/* The session of a client. */
struct session {
    mbedtls_ssl_context tls;
    int error; /* of the connection, or 0 */
};

static mbedtls_ssl_config config;
static mbedtls_x509_crt chain;
static mbedtls_pk_context private_key;
static struct session *sessions; /* one a client */

static struct session *session_of(const struct wasock_client *client)
{
    return &sessions[wasock_client_index(client)];
}

/* ---- What mbedTLS calls ---- */

static int get_random(void *unused, unsigned char *bytes, size_t length)
{
    (void)unused;
    while (length > 0) {
        const size_t n = length < RANDOM_BYTES_MAX ? length : RANDOM_BYTES_MAX;
        if (getentropy(bytes, n) != 0) {
            return MBEDTLS_ERR_SSL_HW_ACCEL_FAILED;
        }
        bytes += n;
        length -= n;
    }
    return 0;
}

static int receive(void *context, unsigned char *buffer, size_t capacity)
{
    struct wasock_client *client = (struct wasock_client *)context;
    const ptrdiff_t n = wasock_conn_try_read(&client->conn, buffer, capacity);

    if (n == -WASOCK_EAGAIN) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (n < 0) {
        session_of(client)->error = (int)n;
        return MBEDTLS_ERR_NET_RECV_FAILED;
    }
    return (int)n;
}

static int transmit(void *context, const unsigned char *data, size_t length)
{
    struct wasock_client *client = (struct wasock_client *)context;
    const ptrdiff_t n = wasock_conn_try_write(&client->conn, data, length);

    if (n == -WASOCK_EAGAIN) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (n < 0) {
        session_of(client)->error = (int)n;
        return MBEDTLS_ERR_NET_SEND_FAILED;
    }
    return (int)n;
}

/* ---- The transport ---- */

/* Convert an error of mbedTLS to a code for the server layer. */
static int error_of(struct wasock_client *client, int error)
{
    switch (error) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        wasock_client_want(client, WASOCK_READABLE);
        return -WASOCK_EAGAIN;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        wasock_client_want(client, WASOCK_WRITABLE);
        return -WASOCK_EAGAIN;
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return -WASOCK_ECONNRESET;
    default:
        return session_of(client)->error != 0 ? session_of(client)->error
                                              : -WASOCK_EPROTO;
    }
}

static int on_open(struct wasock_client *client)
{
    struct session *session = session_of(client);

    session->error = 0;
    mbedtls_ssl_init(&session->tls);
    if (mbedtls_ssl_setup(&session->tls, &config) != 0) {
        mbedtls_ssl_free(&session->tls);
        return -WASOCK_ENOMEM;
    }
    mbedtls_ssl_set_bio(&session->tls, client, transmit, receive, NULL);
    return 0;
}

static int on_handshake(struct wasock_client *client)
{
    const int result = mbedtls_ssl_handshake(&session_of(client)->tls);

    return result == 0 ? 0 : error_of(client, result);
}

static ptrdiff_t on_read(struct wasock_client *client, void *buffer,
                         size_t capacity)
{
    const int n = mbedtls_ssl_read(&session_of(client)->tls, buffer, capacity);

    if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        return 0;
    }
    if (n == 0) { /* EOF of the connection */
        return -WASOCK_ECONNRESET;
    }
    return n > 0 ? n : error_of(client, n);
}

static ptrdiff_t on_write(struct wasock_client *client, const void *data,
                          size_t length)
{
    const int n = mbedtls_ssl_write(&session_of(client)->tls, data, length);

    return n >= 0 ? n : error_of(client, n);
}

static int on_shutdown(struct wasock_client *client)
{
    const int result = mbedtls_ssl_close_notify(&session_of(client)->tls);

    return result == 0 ? 0 : error_of(client, result);
}

static void on_close(struct wasock_client *client)
{
    mbedtls_ssl_free(&session_of(client)->tls);
}

const struct wasock_transport tls_transport = {.open = on_open,
                                               .handshake = on_handshake,
                                               .read = on_read,
                                               .write = on_write,
                                               .shutdown = on_shutdown,
                                               .close = on_close};

/* ---- Certificate and key ---- */

static int fail(const char *file, const char *reason)
{
    fprintf(stderr, "tls: %s: %s\n", file, reason);
    return -WASOCK_EINVAL;
}

static int read_files(const char *certificate, const char *key)
{
    const int result = mbedtls_x509_crt_parse_file(&chain, certificate);

    if (result == MBEDTLS_ERR_X509_FILE_IO_ERROR ||
        result == MBEDTLS_ERR_PK_FILE_IO_ERROR) {
        return fail(certificate, "cannot be read; is a --dir missing?");
    }
    if (result != 0) {
        return fail(certificate, "has no certificate in PEM");
    }
    switch (mbedtls_pk_parse_keyfile(&private_key, key, NULL)) {
    case 0:
        break;
    case MBEDTLS_ERR_PK_FILE_IO_ERROR:
        return fail(key, "cannot be read; is a --dir missing?");
    default:
        return fail(key, "has no private key in PEM, or it has a password");
    }
    if (mbedtls_pk_check_pair(&chain.pk, &private_key) != 0) {
        return fail(key, "is not the key of the certificate");
    }
    return 0;
}

int tls_init(const char *certificate, const char *key, size_t n_clients)
{
    sessions = (struct session *)calloc(n_clients, sizeof(*sessions));
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&private_key);
    if (sessions == NULL ||
        mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER,
                                    MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
        return fail("memory", "is not enough");
    }
    const int error = read_files(certificate, key);
    if (error != 0) {
        return error;
    }
    mbedtls_ssl_conf_rng(&config, get_random, NULL);
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
    if (mbedtls_ssl_conf_own_cert(&config, &chain, &private_key) != 0) {
        return fail("memory", "is not enough");
    }
    return 0;
}
