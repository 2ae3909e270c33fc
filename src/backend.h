#ifndef B_H
#define B_H
#include <wasock/socket.h>
struct wasock__operations {
    unsigned (*ready)(struct wasock_socket *socket);
    uint64_t (*now_ns)(const struct wasock__backend *backend);
    int (*run)(const struct wasock__backend *backend, uint64_t deadline_ns);
    bool (*has_own_clock)(const struct wasock__backend *backend);
};
#endif
