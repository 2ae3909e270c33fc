/* SPDX-License-Identifier: MIT */
/*
 * bind.c - choose the preopened listener of a socket, or let the host bind, if
 * it can.
 *
 * The layer keeps every one of them open for as long as the program runs: a
 * socket that claims one shares its descriptor. So a program that closes its
 * listener and binds again, on a new configuration, gets it back; meanwhile
 * clients wait in the backlog.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wasock/err.h>
#include <wasock/names.h>
#include <wasock/preopen.h>

#include "../../host.h"
#include "../libc.h"
#include "address.h"
#include "loopback.h"
#include "socket.h"

struct offer {
    struct wasock_listener listener;
    struct wasock_addr addr;     /* its entry in the environment */
    const struct socket *holder; /* NULL: free */
    bool has_addr;
    bool has_ip; /* false: its entry is a port alone */
};

static struct socket *bound; /* the program's sockets that have an address */
static struct offer *offers;
static size_t n_offers;
static bool are_known;
static bool has_explained;

/* The labels that the environment gives; their text is never freed. */
static void read_names(struct wasock_names *names)
{
    size_t capacity = 0;

    if (wasock_names_read(names, NULL, 0, &capacity) != -WASOCK_ESTORAGE) {
        return;
    }
    char *buffer = (char *)malloc(capacity);
    if (buffer != NULL &&
        wasock_names_read(names, buffer, capacity, NULL) < 0) {
        free(buffer);
    }
}

/* The address in a label, or a port alone, which is all that systemd's names
 * can hold. Returns whether there is one. */
static bool read_label(const char *label, struct wasock_addr *addr,
                       bool *has_ip)
{
    const char *name_end = strchr(label, '=');
    const char *text = name_end != NULL ? name_end + 1 : label;
    char *end = NULL;

    *has_ip = wasock_names_address(label, addr) == 0;
    if (*has_ip) {
        return true;
    }
    const unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || port > UINT16_MAX) {
        return false;
    }
    memset(addr, 0, sizeof(*addr));
    addr->family = WASOCK_ADDR_IPV4;
    addr->port = (uint16_t)port;
    return true;
}

static void take_offers(struct wasock_listener *listeners, size_t n)
{
    struct wasock_names names = {0};

    read_names(&names);
    wasock_names_apply(&names, listeners, n);
    for (size_t i = 0; i < n; i++) {
        struct wasock_addr label = {0};
        struct offer *offer = &offers[n_offers++];
        if (wasock_socket_local_addr(&listeners[i].socket, &label) == 0) {
            offer->has_addr =
                read_label(label.name, &offer->addr, &offer->has_ip);
        }
        /* Objects must not move while open: this one is made anew. */
        const int fd = wasock_listener_into_fd(&listeners[i]);
        const int result = wasock_listener_from_fd(&offer->listener, fd);
        if (result < 0) {
            n_offers--;
        }
    }
}

/* Scan the preopened listeners, once. */
static void find_offers(void)
{
    if (are_known) {
        return;
    }
    are_known = true;
    const ptrdiff_t n = wasock_preopen_listeners(NULL, 0);
    if (n <= 0) {
        return;
    }
    struct wasock_listener *listeners =
        (struct wasock_listener *)calloc((size_t)n, sizeof(*listeners));
    offers = (struct offer *)calloc((size_t)n, sizeof(*offers));
    if (listeners != NULL && offers != NULL &&
        wasock_preopen_listeners(listeners, (size_t)n) == n) {
        take_offers(listeners, (size_t)n);
    }
    free(listeners);
}

static bool is_any_addressed(void)
{
    for (size_t i = 0; i < n_offers; i++) {
        if (offers[i].has_addr) {
            return true;
        }
    }
    return false;
}

/* How well an offer serves a socket: 0 not at all, 4 exactly. Servers bind
 * [::]:PORT and 0.0.0.0:PORT: each gets the listener of its family. */
static int fit(const struct offer *offer, const struct socket *socket,
               bool are_addressed)
{
    const struct wasock_addr *addr = &socket->local;
    const bool is_of_family =
        offer->has_ip && offer->addr.family == addr->family;

    if (wasock_bsd__can_open() &&
        (addr->port == 0 || offer->addr.family != addr->family)) {
        return 0; /* the host binds any address */
    }
    if (!are_addressed || !offer->has_addr) {
        return 1; /* its port is unique */
    }
    if (addr->port == 0) {
        return is_of_family ? 2 : 1;
    }
    if (offer->addr.port != addr->port) {
        return 0;
    }
    if (!is_of_family) {
        return offer->has_ip &&
                       wasock_bsd__is_on(socket, IPPROTO_IPV6, IPV6_V6ONLY)
                   ? 0
                   : 2;
    }
    return memcmp(offer->addr.ip, addr->ip, sizeof(addr->ip)) == 0 ? 4 : 3;
}

/* The best free offer, the first among equals; NULL: none. */
static struct offer *choose(const struct socket *socket)
{
    const bool are_addressed = is_any_addressed();
    struct offer *best = NULL;
    int best_fit = 0;

    for (size_t i = 0; i < n_offers; i++) {
        const int this_fit = offers[i].holder == NULL
                                 ? fit(&offers[i], socket, are_addressed)
                                 : 0;
        if (this_fit > best_fit) {
            best_fit = this_fit;
            best = &offers[i];
        }
    }
    return best;
}

/* Whether a socket of the other family has the only listener of a port, for
 * both families. */
static bool is_in_use_for_both(const struct wasock_addr *addr)
{
    for (size_t i = 0; i < n_offers; i++) {
        const struct socket *holder = offers[i].holder;
        if (offers[i].has_addr && offers[i].addr.port == addr->port &&
            holder != NULL && holder->local.family != addr->family &&
            wasock_bsd__is_any(&holder->local) && wasock_bsd__is_any(addr)) {
            return true;
        }
    }
    return false;
}

/* Whether a socket of the program has the address. */
static bool is_in_use(const struct wasock_addr *addr)
{
    const struct socket *socket = bound;

    while (socket != NULL && !wasock_bsd__collide(&socket->local, addr)) {
        socket = socket->next_bound;
    }
    return socket != NULL;
}

bool wasock_bsd__is_bound_only(const struct wasock_addr *addr)
{
    bool is_bound = false;
    bool is_heard = false;

    for (const struct socket *s = bound; s != NULL; s = s->next_bound) {
        const bool has_it = wasock_bsd__collide(&s->local, addr);
        is_bound = is_bound || has_it;
        is_heard = is_heard || (has_it && s->state == SOCKET_LISTENING);
    }
    return is_bound && !is_heard;
}

static void say(const char *text)
{
    const ssize_t ignored =
        wasock_libc_write(STDERR_FILENO, text, strlen(text));
    (void)ignored; /* there is no other place to report it */
}

/* List the preopened listeners and the entries of the environment. */
static void say_offers(void)
{
    char line[256];
    char address[WASOCK_ADDR_TEXT_CAPACITY];

    for (size_t i = 0; i < n_offers; i++) {
        wasock_addr_format(&offers[i].addr, address, sizeof(address));
        snprintf(line, sizeof(line), "  listener %zu: %s%s\n", i + 1,
                 offers[i].has_addr ? address : "no address in WASOCK_LISTEN",
                 offers[i].holder != NULL ? ", in use by this program" : "");
        say(line);
    }
}

/* Why a bind cannot be served, and the command line that would serve it. */
static void explain(const struct wasock_addr *addr)
{
    char wanted[WASOCK_ADDR_TEXT_CAPACITY];
    char text[768];

    if (has_explained) {
        return;
    }
    has_explained = true;
    wasock_addr_format(addr, wanted, sizeof(wanted));
    snprintf(text, sizeof(text),
             "wasock: bind to %s: the host opened no listener for it (%zu in "
             "all).\n",
             wanted, n_offers);
    say(text);
    say_offers();
    snprintf(text, sizeof(text),
             "A guest cannot open one itself. Give each to the host, and say "
             "which is which,\nin the same order:\n"
             "  wasmtime run -S preview2=n -S tcplisten=%s \\\n"
             "    --env WASOCK_LISTEN=%s PROGRAM.wasm\n",
             wanted, wanted);
    say(text);
}

bool wasock_bsd__can_open(void)
{
    int32_t fd = -1;

    /* A host that can finds fault with the family. */
    return wasock__host_bind(&(struct wasock_addr){0}, &fd) != WASOCK_ENOSYS;
}

void wasock_bsd__explain_denial(const char *option)
{
    static char text[96];

    if (*text == '\0') {
        snprintf(text, sizeof(text),
                 "wasock: the host denies it: wasmtime run -S %s allows it.\n",
                 option);
        say(text);
    }
}

void wasock_bsd__explain_family(const struct socket *socket)
{
    static bool is_said;
    char text[160];

    if (is_said || socket->domain != AF_INET6 ||
        !wasock_bsd__is_any(&socket->local) ||
        wasock_bsd__is_on(socket, IPPROTO_IPV6, IPV6_V6ONLY)) {
        return;
    }
    is_said = true;
    snprintf(text, sizeof(text),
             "wasock: port %u of [::] is for IPv6 alone on this host: bind "
             "0.0.0.0 for IPv4.\n",
             (unsigned)socket->local.port);
    say(text);
}

/* Have the host bind the socket's address. A program with a loopback may be
 * denied a network: the loopback has no other addresses. */
static int bind_host(struct socket *socket)
{
    struct wasock_addr local = {0};
    int32_t fd = -1;
    const int32_t error = wasock__host_bind(&socket->local, &fd);

    if (error == WASOCK_EACCES && wasock_bsd__has_loopback()) {
        return -EADDRNOTAVAIL;
    }
    if (error == WASOCK_EACCES) {
        wasock_bsd__explain_denial("inherit-network");
    }
    if (error != 0) {
        return -error;
    }
    if (wasock__host_local_addr(fd, &local) == 0) {
        socket->local = local;
    }
    socket->host_fd = fd;
    wasock_bsd__explain_family(socket);
    return 0;
}

int wasock_bsd__listen_bound(struct socket *socket, int backlog)
{
    const int32_t error = wasock__host_listen_bound(
        socket->host_fd, backlog > 0 ? (uint32_t)backlog : 1);

    if (error != 0) {
        return -error;
    }
    const int result =
        wasock_listener_from_fd(&socket->listener, socket->host_fd);
    if (result == 0) {
        socket->host_fd = 0;
    }
    return result;
}

static int hold(struct offer *offer, struct socket *socket)
{
    const int result =
        wasock_listener_share(&offer->listener, &socket->listener);

    if (result < 0) {
        return result;
    }
    offer->holder = socket;
    if (socket->local.port == 0 && offer->has_addr) {
        socket->local.port = offer->addr.port;
    }
    return 0;
}

/* Claim the best offer, or else an address on the loopback or the host's. */
static int claim_any(struct socket *socket)
{
    if (socket->domain == AF_UNIX) {
        return wasock_bsd__loopback_listen(socket);
    }
    find_offers();
    if (is_in_use(&socket->local)) {
        return -EADDRINUSE;
    }
    struct offer *offer = choose(socket);
    if (offer == NULL && wasock_bsd__has_loopback() &&
        wasock_bsd__is_on_loopback(&socket->local)) {
        return wasock_bsd__loopback_listen(socket);
    }
    if (offer == NULL && wasock_bsd__can_open()) {
        return bind_host(socket);
    }
    if (offer == NULL && is_in_use_for_both(&socket->local)) {
        return -EADDRINUSE; /* as Linux says it of [::] and 0.0.0.0 */
    }
    if (offer == NULL) {
        explain(&socket->local);
        return -EADDRNOTAVAIL;
    }
    return hold(offer, socket);
}

static void add_bound(struct socket *socket)
{
    socket->next_bound = bound;
    bound = socket;
}

int wasock_bsd__claim(struct socket *socket)
{
    const int result = claim_any(socket);

    if (result == 0) {
        add_bound(socket);
    }
    return result;
}

struct socket *wasock_bsd__claim_nth(size_t nth)
{
    find_offers();
    if (nth >= n_offers || offers[nth].holder != NULL) {
        return NULL;
    }
    struct offer *offer = &offers[nth];
    struct socket *socket = wasock_bsd__new_socket(
        offer->addr.family == WASOCK_ADDR_IPV6 ? AF_INET6 : AF_INET, 0, 0);
    if (socket == NULL) {
        return NULL;
    }
    if (offer->has_ip) {
        socket->local = offer->addr;
    }
    if (hold(offer, socket) < 0) {
        free(socket);
        return NULL;
    }
    add_bound(socket);
    return socket;
}

void wasock_bsd__disclaim(struct socket *socket)
{
    struct socket **link = &bound;

    while (*link != NULL && *link != socket) {
        link = &(*link)->next_bound;
    }
    if (*link != NULL) {
        *link = socket->next_bound;
    }
    for (size_t i = 0; i < n_offers; i++) {
        if (offers[i].holder == socket) {
            offers[i].holder = NULL;
        }
    }
    if (wasock_socket_is_open(&socket->listener.socket)) {
        wasock_listener_close(&socket->listener);
    }
    if (socket->host_fd != 0) {
        wasock_fd_close(socket->host_fd);
        socket->host_fd = 0;
    }
}
