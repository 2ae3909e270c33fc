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

/* build: the preset of its own that its programs come from. */
static const struct {
    const char *name;
    const char *program;
    const char *build;
} hosts[] = {
    {"wasmtime", "wasmtime", NULL},
    {"wasmtime-46", "wasmtime-46", NULL},
    {"wasmi", "wasmi", NULL},
    {"wazero", "wazero", NULL},
    {"native", NULL, NULL},
    {"0.2 on 49", "wasmtime-49", "wasip2"},
    {"0.2 on 46", "wasmtime-46", "wasip2"},
    {"0.3 on 49", "wasmtime-49", "wasip3"},
    {"0.3 on 46", "wasmtime-46", "wasip3"},
};

const char *host_name(enum host host)
{
    return hosts[host].name;
}

bool is_component(enum host host)
{
    return hosts[host].build != NULL;
}

bool can_connect(enum host host)
{
    return host == NATIVE || is_component(host);
}

static void host_path(enum host host, char *path, size_t capacity)
{
    const char *folder = getenv("WASOCK_HOSTS_BIN");

    if (folder != NULL) {
        snprintf(path, capacity, "%s/%s", folder, hosts[host].program);
    } else {
        snprintf(path, capacity, "%s/.hosts/bin/%s", E2E_ROOT,
                 hosts[host].program);
    }
}

static void need_file(const char *path, int mode, const char *advice)
{
    const char *ci = getenv("CI");

    if (access(path, mode) == 0) {
        return;
    }
    if (ci != NULL && strcmp(ci, "true") == 0) {
        fail_msg("there is no %s; %s", path, advice);
    }
    print_message("SKIP: there is no %s; %s\n", path, advice);
    skip();
}

void need_host(enum host host)
{
    char path[512];

    if (host == NATIVE) {
        return;
    }
    host_path(host, path, sizeof(path));
    need_file(path, X_OK, "tools/setup.sh --all-hosts installs the hosts");
    if (is_component(host)) {
        snprintf(path, sizeof(path), "%s/build/%s/examples", E2E_ROOT,
                 hosts[host].build);
        need_file(path, X_OK, "build the preset of that name");
    }
}

/* The port is then nobody else's. */
int take_port(uint16_t *port)
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
    if (is_component(host)) {
        add(words, "run");
        add(words, "-Sinherit-network");
    } else if (host == WASMTIME || host == WASMTIME_46) {
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
    struct program program = {.kept = {-1, -1}};
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

/* A listener of one's own for the host to inherit. */
static int inherit(struct words *words, enum host host, uint16_t *port)
{
    const int listener = take_port(port);

    assert_int_equal(listen(listener, 4096), 0);
    if (host == WASMTIME || host == WASMTIME_46) {
        add(words, "-Slistenfd=y");
    }
    return listener;
}

/* A component chooses its ports and says them. */
static void add_component_listeners(struct words *words, size_t n_listeners)
{
    if (n_listeners > 0) {
        add(words, "--env=WASOCK_LISTEN=127.0.0.1:0%s",
            n_listeners > 1 ? ",127.0.0.1:0" : "");
    }
}

static void add_program(struct words *words, enum host host,
                        const char *toolchain, const char *example,
                        const char *const *arguments)
{
    if (host != NATIVE) {
        add(words, "%s/build/%s/examples/%s.wasm", E2E_ROOT,
            is_component(host) ? hosts[host].build : toolchain, example);
    }
    while (arguments != NULL && *arguments != NULL) {
        add(words, "%s", *arguments++);
    }
}

static void wait_for_port(struct program *program)
{
    const char *address = wait_for_line(program, "listening on 127.0.0.1:");

    program->port = address == NULL ? 0 : (uint16_t)strtoul(address, NULL, 10);
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
    if (listening == INHERITED &&
        (host == WASMI || host == WAZERO || is_component(host))) {
        listening = BY_OPTION;
    }
    const size_t n_listeners = listening == TWICE ? 2 : listening == BY_OPTION;
    if (host == NATIVE) {
        add(&words, "%s/%s", E2E_NATIVE, example);
    } else {
        add_host(&words, host);
    }
    if (is_component(host)) {
        add_component_listeners(&words, n_listeners);
    } else if (listening == INHERITED || listening == PASSED) {
        listener = inherit(&words, host, &ports[0]);
    }
    for (size_t i = 0; !is_component(host) && i < n_listeners; i++) {
        /* Kept while the host runs: bound, but not listening, it lets the
         * host, which sets SO_REUSEADDR, bind the same port and nobody else. */
        kept[i] = take_port(&ports[i]);
        add_listener(&words, host, ports[i]);
    }
    if (option != NULL) {
        add(&words, "%s", option);
    }
    add_program(&words, host, toolchain, example, arguments);
    struct program program = spawn(&words, listener);
    if (listener >= 0) {
        close(listener);
    }
    program.port = ports[0];
    program.kept[0] = kept[0];
    program.kept[1] = kept[1];
    if (is_component(host) && n_listeners > 0) {
        wait_for_port(&program);
    }
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

/* Wait for output and read it. Returns 0 at its end. */
static size_t read_output(struct program *program, char *text, size_t capacity)
{
    struct pollfd output = {program->output, POLLIN, 0};

    if (poll(&output, 1, END_MAX_MS) != 1) {
        end(program);
        fail_msg("the program neither went on nor ended");
    }
    const ssize_t n = read(program->output, text, capacity);
    return n > 0 ? (size_t)n : 0;
}

const char *wait_for_line(struct program *program, const char *text)
{
    size_t line = program->n_said;

    while (program->n_said < sizeof(program->said) - 1 &&
           read_output(program, &program->said[program->n_said], 1) > 0) {
        program->said[++program->n_said] = '\0';
        if (program->said[program->n_said - 1] != '\n') {
            continue;
        }
        const char *found = strstr(&program->said[line], text);
        if (found != NULL) {
            return found + strlen(text);
        }
        line = program->n_said;
    }
    return NULL;
}

int wait_for_end(struct program *program, char *text, size_t capacity)
{
    size_t length = program->n_said;
    size_t n = 0;
    int status = 0;

    assert_true(length < capacity);
    memcpy(text, program->said, length);
    do {
        n = read_output(program, text + length, capacity - 1 - length);
        length += n;
    } while (n > 0);
    text[length] = '\0';
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    close_all(program);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}
