/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MAX_MS 20000
#define WORDS_MAX 24

static const char *const names[] = {"wasmtime", "wasmtime-46", "wasmi",
                                    "wazero", "native"};

const char *host_name(enum host host)
{
    return names[host];
}

static void host_path(enum host host, char *path, size_t capacity)
{
    const char *folder = getenv("WASOCK_HOSTS_BIN");

    if (folder != NULL) {
        snprintf(path, capacity, "%s/%s", folder, names[host]);
    } else {
        snprintf(path, capacity, "%s/.hosts/bin/%s", E2E_ROOT, names[host]);
    }
}

void need_host(enum host host)
{
    char path[512];
    const char *ci = getenv("CI");

    host_path(host, path, sizeof(path));
    if (host == NATIVE || access(path, X_OK) == 0) {
        return;
    }
    if (ci != NULL && strcmp(ci, "true") == 0) {
        fail_msg("%s is not installed; tools/setup.sh --all-hosts does it",
                 names[host]);
    }
    print_message("SKIP: %s is not installed\n", names[host]);
    skip();
}

/* A socket on a port of the kernel's choice, which is then nobody else's. */
static int take_port(uint16_t *port)
{
    const int one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t length = sizeof(addr);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &length), 0);
    *port = ntohs(addr.sin_port);
    return fd;
}

/* A command line that is being put together. */
struct words {
    char text[WORDS_MAX][512];
    char *argv[WORDS_MAX + 1];
    size_t n;
    char listen[64]; /* WASOCK_LISTEN, or empty */
};

static void __attribute__((format(printf, 2, 3))) add(struct words *words,
                                                      const char *format, ...)
{
    va_list arguments;

    assert_true(words->n < WORDS_MAX);
    va_start(arguments, format);
    vsnprintf(words->text[words->n], sizeof(words->text[0]), format, arguments);
    va_end(arguments);
    words->argv[words->n] = words->text[words->n];
    words->argv[++words->n] = NULL;
}

static void add_host(struct words *words, enum host host)
{
    char path[512];

    host_path(host, path, sizeof(path));
    add(words, "%s", path);
    if (host == WASMTIME || host == WASMTIME_46) {
        add(words, "run");
        add(words, "-Spreview2=n");
    } else if (host == WAZERO) {
        add(words, "run");
    }
}

static void add_listener(struct words *words, enum host host, uint16_t port)
{
    if (host == WASMTIME || host == WASMTIME_46) {
        add(words, "-Stcplisten=127.0.0.1:%u", port);
    } else if (host == WASMI) {
        add(words, "--tcplisten");
        add(words, "127.0.0.1:%u", port);
    } else if (host == WAZERO) {
        add(words, "-listen=127.0.0.1:%u", port);
    } else {
        const size_t length = strlen(words->listen);
        snprintf(words->listen + length, sizeof(words->listen) - length,
                 "%s127.0.0.1:%u", length > 0 ? "," : "", port);
    }
}

/* In the child: become the program. */
static void become(struct words *words, int listener, const int *in,
                   const int *out)
{
    char pid[16];

    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(out[1], 2);
    if (listener >= 0) {
        dup2(listener, 3);
        fcntl(3, F_SETFD, 0);
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
    } else {
        close(3);
    }
    if (words->listen[0] != '\0') {
        setenv("WASOCK_LISTEN", words->listen, 1);
    }
    unsetenv("RUST_BACKTRACE");
    execv(words->argv[0], words->argv);
    _exit(127);
}

static struct program spawn(struct words *words, int listener)
{
    struct program program = {0};
    int in[2];
    int out[2];

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    program.pid = fork();
    assert_true(program.pid >= 0);
    if (program.pid == 0) {
        /* Out of the way of descriptor 3. */
        in[0] = fcntl(in[0], F_DUPFD_CLOEXEC, 10);
        out[1] = fcntl(out[1], F_DUPFD_CLOEXEC, 10);
        listener = listener < 0 ? -1 : fcntl(listener, F_DUPFD_CLOEXEC, 10);
        become(words, listener, in, out);
    }
    close(in[0]);
    close(out[1]);
    program.input = in[1];
    program.output = out[0];
    return program;
}

struct program start(enum host host, const char *toolchain, const char *example,
                     enum listening listening, const char *option,
                     const char *const *arguments)
{
    struct words words = {0};
    uint16_t ports[2] = {0, 0};
    int kept[2] = {-1, -1};
    int listener = -1;

    need_host(host);
    if (listening == INHERITED && (host == WASMI || host == WAZERO)) {
        listening = BY_OPTION;
    }
    if (host == NATIVE) {
        add(&words, "%s/%s", E2E_NATIVE, example);
    } else {
        add_host(&words, host);
    }
    if (listening == INHERITED || listening == PASSED) {
        listener = take_port(&ports[0]);
        assert_int_equal(listen(listener, 4096), 0);
        if (host == WASMTIME || host == WASMTIME_46) {
            add(&words, "-Slistenfd=y");
        }
    }
    for (size_t i = 0; i < 2; i++) {
        /* Kept while the host runs: bound, but not listening, it lets the
         * host, which sets SO_REUSEADDR, bind the same port and nobody else. */
        if (listening == TWICE || (listening == BY_OPTION && i == 0)) {
            kept[i] = take_port(&ports[i]);
            add_listener(&words, host, ports[i]);
        }
    }
    if (option != NULL) {
        add(&words, "%s", option);
    }
    if (host != NATIVE) {
        add(&words, "%s/build/%s/examples/%s.wasm", E2E_ROOT, toolchain,
            example);
    }
    while (arguments != NULL && *arguments != NULL) {
        add(&words, "%s", *arguments++);
    }
    struct program program = spawn(&words, listener);
    if (listener >= 0) {
        close(listener);
    }
    program.port = ports[0];
    program.kept[0] = kept[0];
    program.kept[1] = kept[1];
    return program;
}

static void close_all(struct program *program)
{
    close(program->input);
    close(program->output);
    for (size_t i = 0; i < 2; i++) {
        if (program->kept[i] >= 0) {
            close(program->kept[i]);
        }
    }
}

void end(struct program *program)
{
    kill(program->pid, SIGKILL);
    assert_int_equal(waitpid(program->pid, NULL, 0), program->pid);
    close_all(program);
}

int wait_for_end(struct program *program, char *text, size_t capacity)
{
    size_t length = 0;
    int status = 0;

    for (;;) {
        struct pollfd output = {program->output, POLLIN, 0};
        if (poll(&output, 1, END_MAX_MS) != 1) {
            end(program);
            fail_msg("the program did not end by itself");
        }
        const ssize_t n =
            read(program->output, text + length, capacity - 1 - length);
        if (n <= 0) {
            break;
        }
        length += (size_t)n;
    }
    text[length] = '\0';
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    close_all(program);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}
