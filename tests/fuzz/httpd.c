/* SPDX-License-Identifier: MIT */
/* Fuzz what examples/httpd takes from clients, with a folder of its own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* With its handlers. */
#include "../../examples/httpd/serve.c"
#include "serving.h"

static char folder[] = "/tmp/fuzz-httpd-XXXXXX";

static void check(const char *bytes, size_t n, bool is_first)
{
    CHECK(!is_first || (n > 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0));
    /* Nothing from outside the folder. */
    CHECK(memmem(bytes, n, "secret", 6) == NULL);
}

static void make_file(int at, const char *name, const char *text,
                      size_t n_times)
{
    const int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0);
    for (size_t i = 0; i < n_times; i++) {
        CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    }
    close(fd);
}

static void remove_all(void)
{
    const int at = open(folder, O_RDONLY | O_DIRECTORY);

    unlinkat(at, "root/a", 0);
    unlinkat(at, "root/big", 0);
    unlinkat(at, "root/b/index.html", 0);
    unlinkat(at, "root/b", AT_REMOVEDIR);
    unlinkat(at, "root", AT_REMOVEDIR);
    unlinkat(at, "outside", 0);
    close(at);
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char root[sizeof(folder) + 5];

    (void)argc;
    (void)argv;
    CHECK(mkdtemp(folder) != NULL);
    const int at = open(folder, O_RDONLY | O_DIRECTORY);
    CHECK(at >= 0 && mkdirat(at, "root", 0700) == 0);
    CHECK(mkdirat(at, "root/b", 0700) == 0);
    make_file(at, "outside", "secret", 1);
    make_file(at, "root/a", "0123456789", 1);
    make_file(at, "root/big", "0123456789", 20000);
    make_file(at, "root/b/index.html", "<p>index", 1);
    close(at);
    snprintf(root, sizeof(root), "%s/root", folder);
    http_root = root;
    atexit(remove_all);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = N_FUZZ_CLIENTS,
        .input_bytes = HTTP_HEAD_BYTES,
        .output_bytes = HTTP_OUTPUT_BYTES,
        .idle_ns = 30 * WASOCK_NS_PER_S,
        .message_ns = 10 * WASOCK_NS_PER_S,
        .write_ns = 20 * WASOCK_NS_PER_S,
    };
    static struct serving serving;

    memset(&serving, 0, sizeof(serving));
    serving.input = (struct input){data, data + size};
    serving.server = &server;
    serving.check = check;
    fuzz_server(&serving, memory, sizeof(memory), &options);
    return 0;
}
