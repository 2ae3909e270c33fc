/* SPDX-License-Identifier: MIT */
/*
 * chat - a chat room: each line goes to all clients.
 *
 *   wasock-run --listen 127.0.0.1:8080 chat.wasm [IDLE_SECONDS]
 *   nc 127.0.0.1 8080
 *
 * Commands: /nick NAME, /quit. A client that reads slowly or is idle is closed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/wasock.h>

#define CLIENTS_MAX 1000
#define LINE_BYTES 512
#define UNREAD_BYTES 32768 /* more is too slow */
#define NAME_BYTES 16

static char names[CLIENTS_MAX][NAME_BYTES];
static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(CLIENTS_MAX, LINE_BYTES, UNREAD_BYTES)];

static char *name_of(const struct wasock_client *client)
{
    return names[wasock_client_index(client)];
}

static void send_line(struct wasock_client *client, const char *line)
{
    if (wasock_client_send(client, line, strlen(line)) == -WASOCK_ENOBUFS) {
        wasock_client_abort(client, -WASOCK_ENOBUFS);
    }
}

/* Send a line to one client, or to all if `client` is NULL. */
static void __attribute__((format(printf, 2, 3)))
say(struct wasock_client *client, const char *format, ...)
{
    char line[LINE_BYTES + 100];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (client != NULL) {
        send_line(client, line);
        return;
    }
    while ((client = wasock_server_next(&server, client)) != NULL) {
        send_line(client, line);
    }
}

static void rename_client(struct wasock_client *client, const char *name)
{
    bool is_refused = name[0] == '\0' || strlen(name) >= NAME_BYTES;
    struct wasock_client *other = NULL;

    while ((other = wasock_server_next(&server, other)) != NULL) {
        is_refused = is_refused || strcmp(name_of(other), name) == 0;
    }
    if (is_refused) {
        say(client, "* this name is taken or too long\n");
        return;
    }
    say(NULL, "* %s is now %s\n", name_of(client), name);
    memcpy(name_of(client), name, strlen(name) + 1);
}

static void take_line(struct wasock_client *client, const char *line)
{
    if (strncmp(line, "/nick ", 6) == 0) {
        rename_client(client, line + 6);
    } else if (strcmp(line, "/quit") == 0) {
        say(client, "* bye\n");
        wasock_client_close(client);
    } else if (line[0] != '\0') {
        say(NULL, "%s: %s\n", name_of(client), line);
    }
}

static void on_open(struct wasock_client *client)
{
    snprintf(name_of(client), NAME_BYTES, "guest%u",
             (unsigned)wasock_client_index(client));
    say(NULL, "* %s is here\n", name_of(client));
}

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    char line[LINE_BYTES + 1];
    const char *end = memchr(data, '\n', length);

    if (end == NULL) {
        return 0; /* a line that is too long ends the client */
    }
    const size_t n = (size_t)(end - (const char *)data);
    memcpy(line, data, n);
    line[n > 0 && line[n - 1] == '\r' ? n - 1 : n] = '\0';
    take_line(client, line);
    return n + 1;
}

static void on_close(struct wasock_client *client, int reason)
{
    say(NULL, "* %s has left: %s\n", name_of(client), wasock_err_name(reason));
}

int main(int argc, char **argv)
{
    static const struct wasock_handler handler = {
        .open = on_open, .data = on_data, .close = on_close};
    const long idle_s = argc > 1 ? strtol(argv[1], NULL, 10) : 600;
    const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = CLIENTS_MAX,
        .input_bytes = LINE_BYTES,
        .output_bytes = UNREAD_BYTES,
        .idle_ns = (uint64_t)idle_s * WASOCK_NS_PER_S,
        .drain_ns = 2 * WASOCK_NS_PER_S,
    };

    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              "chat");
}
