/* SPDX-License-Identifier: MIT */
#include "simulated.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <wasock/err.h>

#include "../../src/host.h"

#define PORT 8080

int listeners[2];

/* The host knows no names. */
int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    (void)name;
    (void)addrs;
    (void)capacity;
    (void)n_addrs;
    return WASOCK_ENOSYS;
}

static void fail(const char *message)
{
    puts(message);
    simhost_print_trace();
    exit(1);
}

/* Before main: the layer looks at its standard descriptors. */
__attribute__((constructor(101))) static void begin(void)
{
    simhost_reset(1, &simhost_ideal);
    simhost_on_failure(fail);
}

static int listen_at(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_port = htons((uint16_t)port);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    CHECK(listen(fd, 128) == 0);
    return fd;
}

void choose_host(const char *name)
{
    static const char *const environment[] = {
        "WASOCK_LISTEN=127.0.0.1:8080,127.0.0.1:8081", NULL};
    size_t i = 0;

    while (strcmp(simhost_profiles[i]->name, name) != 0) {
        CHECK(++i < SIMHOST_N_PROFILES);
    }
    simhost_knobs.profile = *simhost_profiles[i];
    simhost_knobs.environment = environment;
    simhost_knobs.costs =
        is_blind() ? simhost_wazero_costs
        : simhost_knobs.profile.poll_style == SIMHOST_POLL_REPORTS_ALL
            ? simhost_wasmtime_costs
            : simhost_native_costs;
    CHECK(simhost_preopen(SIMHOST_LISTENER) == HOST_LISTENER);
    simhost_preopen(SIMHOST_LISTENER);
    listeners[0] = listen_at(PORT);
    listeners[1] = listen_at(PORT + 1);
}

bool is_blind(void)
{
    return simhost_knobs.profile.poll_style == SIMHOST_POLL_FAKE;
}
