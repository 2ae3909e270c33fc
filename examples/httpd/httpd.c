/* SPDX-License-Identifier: MIT */
/*
 * httpd - serve files over HTTP/1.1: keep-alive, pipelining, HEAD, ranges.
 *
 *   wasock-run --listen 127.0.0.1:8080 --dir public::/ httpd.wasm /
 *
 * The argument is the folder to serve, by the name that the guest has for it,
 * "." without one. Files are streamed: a client costs 73 KiB at most, however
 * large they are. Clients that send a request slowly are closed after 10 s.
 */
#include "httpd.h"

int main(int argc, char **argv)
{
    if (argc > 1) {
        http_root = argv[1];
    }
    return http_serve(NULL, "httpd");
}
