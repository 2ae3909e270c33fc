/* SPDX-License-Identifier: MIT */
/*
 * component.h - shared by the host objects for WASI 0.2 and 0.3.
 *
 *   memory.c   where the results of host calls land; pages
 *   table.c    descriptors
 *   fd.c       functions of wasip1.h and host.h that both have
 *   addr.c     addresses in the forms of the canonical ABI
 *   env.c      the environment
 *   listen.c   the listeners of WASOCK_LISTEN
 *
 * The object of a version is linked with all of them. They call the functions
 * under "What a version supplies".
 */
#ifndef WASOCK_COMPONENT_H
#define WASOCK_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/addr.h>

#include "../../host.h"
#include "../../wasip1.h"

/* ---- Memory ---- */

#define WASOCK__PAGE_BYTES 65536U

/* Grow the memory by pages, zeroed and never returned. NULL: no memory. */
void *wasock__grow(size_t n_pages);

/* Allocate bytes, zeroed and never returned, aligned to 8. NULL: no memory. */
void *wasock__keep(size_t n_bytes);

/*
 * Choose where the lists and strings that the following host calls return land:
 * each in the first piece with room for it. Pieces stay the caller's until
 * wasock__land_end. What fits neither piece lands in memory that the next
 * wasock__land uses again, so read where it landed from the result.
 */
struct wasock__piece {
    void *data;
    size_t capacity;
};

void wasock__land(struct wasock__piece first, struct wasock__piece second);

/* Let results land in memory that is kept. */
void wasock__land_kept(void);

void wasock__land_end(void);

/* Release what landed outside the pieces while there was no landing: a host may
 * deliver a result during a call of a libc's. */
void wasock__land_release(void *memory);

/* ---- Descriptors ---- */

/* Above the descriptors of a libc in the same program. */
#define WASOCK__FIRST_FD 65536

/* The most sockets. wasmtime kills a guest that has 100,000 handles, and a
 * connection has five. */
#ifndef WASOCK_COMPONENT_SOCKETS_MAX
#define WASOCK_COMPONENT_SOCKETS_MAX 19000
#endif

enum wasock__socket_kind {
    WASOCK__SOCKET_FREE = 0,
    WASOCK__SOCKET_BOUND,
    WASOCK__SOCKET_LISTENER,
    WASOCK__SOCKET_CONNECTING,
    WASOCK__SOCKET_CONNECTION,
    WASOCK__SOCKET_DGRAM,
    WASOCK__SOCKET_CLOSED /* by the program: not found, but not yet removed */
};

/* What every socket begins with. A version's own members follow: it converts
 * the pointer to that of its own structure. */
struct wasock__socket {
    uint32_t next_free; /* the table's: only while it is free */
    uint8_t kind;       /* enum wasock__socket_kind */
    uint8_t flags;      /* WASIP1_FDFLAGS_NONBLOCK or 0 */
};

/* Room for a socket. A version asserts that its structure fits. */
#define WASOCK__SOCKET_BYTES 64U

/*
 * Add a socket: zeroed but for its kind, which must not be FREE; non-blocking.
 * It does not move. The first call opens the listeners of WASOCK_LISTEN before.
 * fd: written.
 * Returns NULL if there are too many, or no memory: EMFILE.
 */
struct wasock__socket *wasock__table_add(enum wasock__socket_kind kind,
                                         int32_t *fd);

/* Whether wasock__table_add would find room. Ask before the host makes what
 * would have to be closed again. */
bool wasock__table_has_room(void);

/* Remove a socket. Its number is used again. */
void wasock__table_remove(int32_t fd);

/* The socket of a number, or NULL. A number that is not found opens the
 * listeners of WASOCK_LISTEN, if they are not open. */
struct wasock__socket *wasock__table_find(int32_t fd);

/* The number behind that of the last socket. */
int32_t wasock__table_end(void);

/* The flags of stdin, stdout and stderr: WASIP1_FDFLAGS_NONBLOCK or 0. */
extern uint8_t wasock__standard_flags[3];

/* ---- Addresses ---- */

/* ip-socket-address as parameters: its case and eleven more. */
struct wasock__flat_addr {
    uint32_t family;
    uint32_t values[11];
};

#define WASOCK__FLAT_ADDR_TYPES                                                \
    uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,      \
        uint32_t, uint32_t, uint32_t, uint32_t, uint32_t

#define WASOCK__FLAT_ADDR(flat)                                                \
    (flat).family, (flat).values[0], (flat).values[1], (flat).values[2],       \
        (flat).values[3], (flat).values[4], (flat).values[5],                  \
        (flat).values[6], (flat).values[7], (flat).values[8],                  \
        (flat).values[9], (flat).values[10]

/* ip-socket-address in memory. */
struct wasock__memory_addr {
    uint8_t family; /* 0: IPv4; 1: IPv6 */
    uint16_t port __attribute__((aligned(4)));
    uint8_t ipv4[4] __attribute__((aligned(2)));
    uint16_t ipv6[8] __attribute__((aligned(4)));
    uint32_t scope_id;
};

/* ip-address in memory. */
struct wasock__memory_ip {
    uint8_t family; /* 0: IPv4; 1: IPv6 */
    union {
        uint8_t ipv4[4];
        uint16_t ipv6[8];
    } of;
};

/* Convert an address. EAFNOSUPPORT: neither IPv4 nor IPv6. */
int32_t wasock__addr_flatten(const struct wasock_addr *addr,
                             struct wasock__flat_addr *flat);
int32_t wasock__addr_store(const struct wasock_addr *addr,
                           struct wasock__memory_addr *memory);
void wasock__addr_load(const struct wasock__memory_addr *memory,
                       struct wasock_addr *addr);

/* Convert an address without a port. */
void wasock__ip_load(const struct wasock__memory_ip *memory,
                     struct wasock_addr *addr);

/* ---- Environment ---- */

/* list<tuple<string, string>>, as get-environment returns it. */
struct wasock__variable {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
};

struct wasock__environment {
    struct wasock__variable *variables;
    size_t n_variables;
};

/* The environment, which is read once. */
struct wasock__environment *wasock__environment(void);

/* ---- Listeners ---- */

/* Open the listeners of WASOCK_LISTEN, once. If one cannot be opened, say why
 * on stderr and end the program. */
void wasock__open_listeners(void);

/* ---- What a version supplies, besides wasip1.h and host.h ---- */

/* Call get-environment. */
void wasock__version_environment(struct wasock__environment *environment);

/* Read the monotonic clock. */
uint64_t wasock__version_now_ns(void);

/* Write to stderr. */
void wasock__version_say(const char *text, size_t length);

/* Close all sockets and wait, for a few seconds at most, until their data is
 * sent. For the end of a program: a host may drop unsent data. */
void wasock__component_end(void);

/* End the program, with exit code 1. */
_Noreturn void wasock__version_fail(void);

#endif
