/* SPDX-License-Identifier: MIT */
/*
 * https - serve files over HTTPS: examples/httpd with TLS 1.2, by mbedTLS.
 *
 *   wasock-run --listen 127.0.0.1:8443 --dir keys::/keys \
 *       --dir public::/public https.wasm /keys/cert.pem /keys/key.pem /public
 *
 * The arguments are the certificate, its key, and the folder to serve. Do not
 * keep the key in that folder. A client costs 110 KiB at most. Those that do
 * not complete the handshake, or a request, are closed after 10 s.
 */
#include <stdio.h>

#include "../httpd/httpd.h"
#include "tls.h"

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: https CERTIFICATE KEY FOLDER\n");
        return 1;
    }
    http_root = argv[3];
    if (tls_init(argv[1], argv[2], HTTP_CLIENTS_MAX) != 0) {
        return 1;
    }
    return http_serve(&tls_transport, "https");
}
