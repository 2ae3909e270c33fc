/* SPDX-License-Identifier: MIT */
/* report.c - the table of facts, the host's name, and advice. */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *text;
    const char *promise;
};

static const struct row rows[N_FACTS] = {
#define FACT_ROW(name, text, promise) {text, promise},
    FACT_TABLE(FACT_ROW)
#undef FACT_ROW
};

/* A fact and what is found on a host. */
struct clue {
    enum fact fact;
    const char *found;
};

static bool fits(const struct doctor *doctor, const struct clue *clue)
{
    return strcmp(doctor->found[clue->fact], clue->found) == 0;
}

#define CLUES_MAX 5

/* Hosts that are known, by what tells them from the others; the first that
 * fits. A clue without a text is none. */
struct host {
    const char *name;
    struct clue clues[CLUES_MAX];
};

static const struct host hosts[] = {
    {"wasmtime 36 (wasi-common)",
     {{FACT_PRESTAT, "EBADF"},
      {FACT_ACCEPT_CONN, "EBADF"},
      {FACT_NUMBERING, "never used before"},
      {FACT_POLL_DEAD, "call EBADF"},
      {FACT_RENUMBER, "OK"}}},
    {"wasmtime 46 or wasmi (wasi-common)",
     {{FACT_PRESTAT, "EBADF"},
      {FACT_ACCEPT_CONN, "EBADF"},
      {FACT_NUMBERING, "never used before"},
      {FACT_POLL_DEAD, "call EBADF"},
      {FACT_RENUMBER, "EBADF"}}},
    {"wazero",
     {{FACT_PRESTAT, "OK"},
      {FACT_ACCEPT_CONN, "EBADF"},
      {FACT_POLL_WRITE, "ENOTSUP"}}},
    {"wasi-go",
     {{FACT_PRESTAT, "ENOTDIR"},
      {FACT_ACCEPT_CONN, "ENOTCAPABLE"},
      {FACT_ROFLAGS, "4 bytes: overrun"}}},
    {"WAMR",
     {{FACT_ACCEPT_CONN, "EINVAL"},
      {FACT_ACCEPT_FLAG, "blocking"},
      {FACT_ROFLAGS, "never written"}}},
    {"wasock's own, native",
     {{FACT_PRESTAT, ""},
      {FACT_RECV_PEEK, "ENOTSUP"},
      {FACT_NUMBERING, "lowest free"}}},
    {"WASI 0.2 on Node (jco)",
     {{FACT_PRESTAT, ""},
      {FACT_RECV_PEEK, "ENOTSUP"},
      {FACT_POLL_BYTES, "0"},
      {FACT_SHUT_THEN_RECV, "end of stream"}}},
    {"WASI 0.2 on wasmtime",
     {{FACT_PRESTAT, ""}, {FACT_RECV_PEEK, "ENOTSUP"}, {FACT_POLL_BYTES, "0"}}},
    {"WASI 0.3 on wasmtime",
     {{FACT_PRESTAT, ""},
      {FACT_RECV_PEEK, "ENOTSUP"},
      {FACT_POLL_BYTES, "10"}}},
};

static bool is_host(const struct doctor *doctor, const struct host *host)
{
    for (size_t i = 0; i < CLUES_MAX; i++) {
        if (host->clues[i].found != NULL && !fits(doctor, &host->clues[i])) {
            return false;
        }
    }
    return true;
}

static const char *host_name(const struct doctor *doctor)
{
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (is_host(doctor, &hosts[i])) {
            return hosts[i].name;
        }
    }
    return "unknown";
}

/* What to say where a clue fits. */
struct advice {
    struct clue clue;
    const char *text;
};

static const struct advice advices[] = {
    {{FACT_START_MODE, "blocking"},
     "The listener comes blocking: an accept would freeze the program. wasock\n"
     "  makes it non-blocking; code that does not use wasock must, too."},
    {{FACT_SET_MODE, "ENOTSUP"},
     "The listener cannot be made non-blocking: wasock refuses it (ENOTSUP)."},
    {{FACT_ACCEPT_FLAG, "blocking"},
     "The accept flag is ignored: wasock sets each connection's mode itself."},
    {{FACT_POLL_WRITE, "ENOTSUP"},
     "poll_oneoff does not look at sockets. wasock detects that and naps 1 to\n"
     "  20 ms between tries: expect a round trip of 1 ms, not 0.05."},
    {{FACT_POLL_WRITE, "ready"},
     "poll_oneoff reports everything writable. wasock detects that and naps 1\n"
     "  to 20 ms between tries."},
    {{FACT_POLL_ONE, "3 reported"},
     "Once one descriptor is ready, poll_oneoff reports all. wasock treats\n"
     "  readiness as a hint; its poller polls idle connections apart."},
    {{FACT_POLL_DEAD, "call EBADF"},
     "One dead descriptor fails the whole poll. wasock finds it."},
    {{FACT_TIMEOUT_BESIDE, "too early"},
     "Timeouts are cut to whole milliseconds. wasock rounds them up."},
    {{FACT_RECV_WAITALL, "EAGAIN, bytes lost"},
     "MSG_WAITALL loses bytes. wasock never passes it; do not either."},
    {{FACT_RECV_PEEK, "takes the bytes"},
     "MSG_PEEK takes what it should leave. wasock never passes it."},
    {{FACT_RECV_RESET, "EIO, 0"},
     "Every dead peer is EIO. Ask wasock_err_is_disconnect, not for a code."},
    {{FACT_NAGLE, "40 ms: Nagle on"},
     "Two small sends in a row cost 40 ms. Send a response with one\n"
     "  wasock_conn_writev, or let the host inherit a listener that was made\n"
     "  with TCP_NODELAY (preview1 on wasmtime: -S listenfd=y)."},
    {{FACT_SHUT_THEN_RECV, "end of stream"},
     "Shutting the writing half ends reading as well: read to EOF before."},
    {{FACT_CLOSE_SEEN, "nothing"},
     "A closed connection stays open for its peer. wasock shuts it first. The\n"
     "  host keeps its own descriptor until its garbage collector runs: give "
     "it\n"
     "  many (ulimit -n) and a low GOGC. wasock-run sets both."},
    {{FACT_CLOSE_SEEN, "reset"},
     "A close resets the connection. wasock shuts it first."},
};

/* Whether what was found is not what preview1 says. */
static bool is_surprise(const char *found, const char *promise)
{
    if (found[0] == '\0' || strcmp(promise, "-") == 0) {
        return false;
    }
    return strcmp(promise, "an error") == 0 ? strcmp(found, "OK") == 0
                                            : strcmp(found, promise) != 0;
}

static void print_row(const struct row *row, const char *found)
{
    /* A timing begins with its mark already. */
    const bool is_timing = row->text[0] == '~';
    const char mark = is_surprise(found, row->promise) ? '!' : ' ';

    if (is_timing) {
        printf("%-36s ", row->text);
    } else {
        printf("%c %-34s ", mark, row->text);
    }
    printf("%-22s %s\n", found[0] != '\0' ? found : "(not asked)",
           row->promise);
}

void report(const struct doctor *doctor)
{
    printf("\n  %-34s %-22s %s\n", "fact", "found", "preview1 says");
    for (size_t i = 0; i < N_FACTS; i++) {
        print_row(&rows[i], doctor->found[i]);
    }
    printf("\nhost: %s\n", host_name(doctor));
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        if (fits(doctor, &advices[i].clue)) {
            printf("- %s\n", advices[i].text);
        }
    }
}
