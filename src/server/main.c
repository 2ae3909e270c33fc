/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/preopen.h>

static ptrdiff_t start(struct wasock_server *server)
{
    const struct wasock_server_options *options = &server->options_;
    ptrdiff_t result = wasock_server_listen_preopened(server);

    if (result >= 0) {
        result = wasock_server_stop_on_request(server, options->drain_ns);
    }
    if (result == 0 && options->handler->start != NULL) {
        result = options->handler->start(server);
    }
    return result;
}

/* Returns the exit code. */
static int serve(struct wasock_server *server, const char *program)
{
    ptrdiff_t result = start(server);

    if (result < 0) {
        wasock_preopen_print_error(program, result);
        return 1;
    }
    result = wasock_server_run(server);
    if (result < 0) {
        wasock_preopen_print_error(program, result);
        return 2;
    }
    return 0;
}

int wasock_server_main(struct wasock_server *server, void *memory, size_t size,
                       const struct wasock_server_options *options,
                       const char *program)
{
    const int result = wasock_server_init(server, memory, size, options);

    if (result < 0) {
        wasock_preopen_print_error(program, result);
        return 1;
    }
    const int exit_code = serve(server, program);
    wasock_server_close(server);
    return exit_code;
}
