/* SPDX-License-Identifier: MIT */
#include <wasock/fd.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "fd_internal.h"
#include "host.h"
#include "wasip1.h"

/* A count must fit the uint32_t that a host writes, and a ptrdiff_t. */
#define TRANSFER_MAX_BYTES ((size_t)1 << 30)

/*
 * Exactly one clock subscription, relative, of precision 0, on the monotonic
 * clock: hosts reject or misread all other forms. WAMR and wasi-go truncate a
 * timeout to whole milliseconds, so that 0.5 ms would be a busy loop; several
 * hosts take a huge one for a negative one.
 */
#define TIMEOUT_UNIT_NS WASOCK_NS_PER_MS
#define TIMEOUT_MAX_NS (UINT64_C(3600) * WASOCK_NS_PER_S)
#define TIMEOUT_NONE UINT64_MAX

/*
 * A fake poll reports every descriptor ready, but only when the clock runs out.
 * So the first step of a wait is short: a fake poll ends it soon. A host that
 * reports nothing by then checks descriptors.
 */
#define FIRST_WAIT_NS (10 * WASOCK_NS_PER_MS)

int wasock_fd_stat(int fd, struct wasock_fd_stat *stat)
{
    struct wasip1_fdstat fdstat;
    const int32_t error = wasip1_fd_fdstat_get(fd, &fdstat);

    if (error != 0) {
        return -error;
    }
    stat->kind = (enum wasock_fd_kind)fdstat.filetype;
    stat->is_nonblocking = (fdstat.flags & WASIP1_FDFLAGS_NONBLOCK) != 0;
    return 0;
}

const char *wasock_fd_kind_name(enum wasock_fd_kind kind)
{
    switch (kind) {
    case WASOCK_FD_BLOCK_DEVICE:
        return "block device";
    case WASOCK_FD_CHARACTER_DEVICE:
        return "character device";
    case WASOCK_FD_DIRECTORY:
        return "directory";
    case WASOCK_FD_FILE:
        return "file";
    case WASOCK_FD_SOCKET_DGRAM:
        return "datagram socket";
    case WASOCK_FD_SOCKET_STREAM:
        return "stream socket";
    case WASOCK_FD_SYMBOLIC_LINK:
        return "symbolic link";
    case WASOCK_FD_UNKNOWN:
    default:
        return "unknown";
    }
}

int wasock_fd_is_listener(int fd)
{
    static const struct wasock_slice nothing = {NULL, 0};
    uint32_t n_sent = 0;

    switch (wasip1_sock_send(fd, &nothing, 0, 0, &n_sent)) {
    case 0:
    case WASOCK_EAGAIN:
    case WASOCK_EPIPE:
    case WASOCK_ECONNRESET:
        return 0;
    case WASOCK_EBADF:
    case WASOCK_ENOTCAPABLE:
        return 1;
    default:
        return -WASOCK_ENOTSUP;
    }
}

int wasock_fd_set_nonblocking(int fd)
{
    struct wasock_fd_stat stat = {WASOCK_FD_UNKNOWN, false};
    const int32_t error =
        wasip1_fd_fdstat_set_flags(fd, WASIP1_FDFLAGS_NONBLOCK);

    if (error != 0) {
        return -error;
    }
    const int result = wasock_fd_stat(fd, &stat);
    if (result < 0) {
        return result;
    }
    return stat.is_nonblocking ? 0 : -WASOCK_ENOTSUP;
}

int wasock_fd_accept(int fd)
{
    int32_t accepted_fd = -1; /* if the host writes nothing */
    const int32_t error =
        wasip1_sock_accept(fd, WASIP1_FDFLAGS_NONBLOCK, &accepted_fd);

    if (error != 0) {
        return -error;
    }
    return accepted_fd >= 0 ? accepted_fd : -WASOCK_EHOST;
}

/* The result of a transfer of at most `asked` bytes. */
static ptrdiff_t transfer_result(int32_t error, uint32_t n_bytes, size_t asked)
{
    if (error != 0) {
        return -(ptrdiff_t)error;
    }
    return n_bytes <= asked ? (ptrdiff_t)n_bytes : -WASOCK_EHOST;
}

static size_t transfer_clamp(size_t length)
{
    return length < TRANSFER_MAX_BYTES ? length : TRANSFER_MAX_BYTES;
}

ptrdiff_t wasock_fd_recv(int fd, void *buffer, size_t capacity)
{
    const struct wasock_buffer room = {buffer, transfer_clamp(capacity)};
    struct wasip1_roflags roflags;
    uint32_t n_received = 0;

    if (capacity == 0) {
        return 0;
    }
    const int32_t error =
        wasip1_sock_recv(fd, &room, 1, 0, &n_received, &roflags);
    return transfer_result(error, n_received, room.capacity);
}

ptrdiff_t wasock_fd_recvv(int fd, const struct wasock_buffer *buffers,
                          size_t n_buffers)
{
    struct wasip1_roflags roflags;
    uint32_t n_received = 0;
    size_t total = 0;
    size_t n = 0;

    while (n_buffers > 0 && buffers->capacity == 0) {
        buffers++;
        n_buffers--;
    }
    while (n < n_buffers && n < WASOCK_SLICES_MAX &&
           buffers[n].capacity <= TRANSFER_MAX_BYTES - total) {
        total += buffers[n++].capacity;
    }
    if (n == 0) { /* no room, or a buffer too large for one call */
        return n_buffers == 0
                   ? 0
                   : wasock_fd_recv(fd, buffers->data, buffers->capacity);
    }
    const int32_t error =
        wasip1_sock_recv(fd, buffers, n, 0, &n_received, &roflags);
    return transfer_result(error, n_received, total);
}

ptrdiff_t wasock_fd_send(int fd, const void *data, size_t length)
{
    const struct wasock_slice slice = {data, transfer_clamp(length)};
    uint32_t n_sent = 0;

    if (length == 0) {
        return 0;
    }
    const int32_t error = wasip1_sock_send(fd, &slice, 1, 0, &n_sent);
    return transfer_result(error, n_sent, slice.length);
}

ptrdiff_t wasock_fd_sendv(int fd, const struct wasock_slice *slices,
                          size_t n_slices)
{
    uint32_t n_sent = 0;
    size_t total = 0;
    size_t n = 0;

    while (n_slices > 0 && slices->length == 0) {
        slices++;
        n_slices--;
    }
    while (n < n_slices && n < WASOCK_SLICES_MAX &&
           slices[n].length <= TRANSFER_MAX_BYTES - total) {
        total += slices[n++].length;
    }
    if (n == 0) { /* no bytes, or a slice too large for one call */
        return n_slices == 0 ? 0
                             : wasock_fd_send(fd, slices->data, slices->length);
    }
    const int32_t error = wasip1_sock_send(fd, slices, n, 0, &n_sent);
    return transfer_result(error, n_sent, total);
}

ptrdiff_t wasock_fd_read(int fd, void *buffer, size_t capacity)
{
    const struct wasock_buffer room = {buffer, transfer_clamp(capacity)};
    uint32_t n_read = 0;

    if (capacity == 0) {
        return 0;
    }
    const int32_t error = wasip1_fd_read(fd, &room, 1, &n_read);
    return transfer_result(error, n_read, room.capacity);
}

ptrdiff_t wasock_fd_write(int fd, const void *data, size_t length)
{
    const struct wasock_slice slice = {data, transfer_clamp(length)};
    uint32_t n_written = 0;

    if (length == 0) {
        return 0;
    }
    const int32_t error = wasip1_fd_write(fd, &slice, 1, &n_written);
    return transfer_result(error, n_written, slice.length);
}

int wasock_fd_shutdown(int fd, enum wasock_shutdown how)
{
    /* wasmtime kills the guest for an unknown bit, WAMR shuts both halves. */
    if (how != WASOCK_SHUTDOWN_READ && how != WASOCK_SHUTDOWN_WRITE &&
        how != WASOCK_SHUTDOWN_BOTH) {
        return -WASOCK_EINVAL;
    }
    return -wasip1_sock_shutdown(fd, (uint8_t)how);
}

/* The result of a host call that writes a descriptor. */
static int opened(int32_t error, int32_t fd)
{
    return error != 0 ? -error : fd;
}

int wasock_fd_listen(const struct wasock_addr *addr, size_t backlog)
{
    const uint32_t n = backlog < INT32_MAX ? (uint32_t)backlog : INT32_MAX;
    int32_t fd = -1;
    const int32_t error = wasock__host_listen(addr, n, &fd);

    return opened(error, fd);
}

int wasock_fd_connect(const struct wasock_addr *addr)
{
    int32_t fd = -1;
    const int32_t error = wasock__host_connect(addr, &fd);

    return opened(error, fd);
}

int wasock_fd_connect_result(int fd)
{
    return -wasock__host_connect_result(fd);
}

int wasock_fd_local_addr(int fd, struct wasock_addr *addr)
{
    return -wasock__host_local_addr(fd, addr);
}

int wasock_fd_remote_addr(int fd, struct wasock_addr *addr)
{
    return -wasock__host_remote_addr(fd, addr);
}

int wasock_fd_close(int fd)
{
    return -wasip1_fd_close(fd);
}

void wasock__fd_subscribe(struct wasock__subscription *subscription, int fd,
                          unsigned direction, uint64_t userdata)
{
    subscription->userdata = userdata;
    subscription->tag = direction == WASOCK_READABLE
                            ? WASIP1_EVENTTYPE_FD_READ
                            : WASIP1_EVENTTYPE_FD_WRITE;
    subscription->of.fd = (uint32_t)fd;
}

int wasock__fd_poll_once(struct wasock__subscription *subscriptions, size_t n,
                         struct wasock__event *events, uint64_t timeout_ns)
{
    uint32_t n_events = 0;

    if (timeout_ns != TIMEOUT_NONE) {
        struct wasock__subscription *clock = &subscriptions[n++];
        if (timeout_ns > TIMEOUT_MAX_NS) {
            timeout_ns = TIMEOUT_MAX_NS;
        }
        clock->userdata = WASOCK__USERDATA_CLOCK;
        clock->tag = WASIP1_EVENTTYPE_CLOCK;
        clock->of.clock.id = WASIP1_CLOCKID_MONOTONIC;
        clock->of.clock.timeout_ns = (timeout_ns + TIMEOUT_UNIT_NS - 1) /
                                     TIMEOUT_UNIT_NS * TIMEOUT_UNIT_NS;
        clock->of.clock.precision_ns = 0;
        clock->of.clock.flags = 0;
    }
    const int32_t error =
        wasip1_poll_oneoff(subscriptions, events, n, &n_events);
    if (error != 0) {
        return -error;
    }
    return n_events <= n ? (int)n_events : -WASOCK_EHOST;
}

/* The result of an event: 1, or the error for which its descriptor cannot be
 * polled. Any other error is a hint that the next operation returns it. */
static int event_result(const struct wasock__event *event)
{
    return event->error == WASOCK_EBADF || event->error == WASOCK_ENOTSUP
               ? -event->error
               : 1;
}

int wasock__fd_wait_once(int fd, unsigned direction, uint64_t timeout_ns)
{
    struct wasock__subscription subscriptions[2];
    struct wasock__event events[2];

    wasock__fd_subscribe(&subscriptions[0], fd, direction, 0);
    const int n_events =
        wasock__fd_poll_once(subscriptions, direction != 0, events, timeout_ns);
    for (int i = 0; i < n_events; i++) {
        if (events[i].userdata == 0) {
            return event_result(&events[i]);
        }
    }
    return n_events < 0 ? n_events : 0;
}

uint64_t wasock__time_left_ns(uint64_t deadline_ns)
{
    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return TIMEOUT_NONE;
    }
    return deadline_ns == WASOCK_DEADLINE_PAST
               ? 0
               : wasock_ns_subtract(deadline_ns, wasock_clock_now_ns());
}

/* The deadline of a timeout. Reads no clock for 0 and WASOCK_FOREVER_NS. */
static uint64_t deadline_after(uint64_t timeout_ns)
{
    const bool needs_clock = timeout_ns != 0 && timeout_ns != WASOCK_FOREVER_NS;

    return wasock__deadline_after(timeout_ns,
                                  needs_clock ? wasock_clock_now_ns() : 0);
}

/* The timeout of the next step of a wait: short for the first, to detect a
 * fake poll. UINT64_MAX: no limit; 0: the deadline is past. */
static uint64_t wait_step_ns(uint64_t deadline_ns, bool is_first)
{
    const uint64_t left_ns = wasock__time_left_ns(deadline_ns);

    return is_first && left_ns > FIRST_WAIT_NS ? FIRST_WAIT_NS : left_ns;
}

int wasock_fd_wait_until_ns(int fd, unsigned direction, uint64_t deadline_ns)
{
    if (direction != WASOCK_READABLE && direction != WASOCK_WRITABLE) {
        return -WASOCK_EINVAL;
    }
    for (bool is_first = true;;) {
        const uint64_t step_ns = wait_step_ns(deadline_ns, is_first);
        const int result = wasock__fd_wait_once(fd, direction, step_ns);
        if (result == -WASOCK_EINTR) {
            continue;
        }
        if (result == 1 || result == -WASOCK_ENOTSUP) {
            return 0;
        }
        if (result < 0 || step_ns == 0) {
            return result < 0 ? result : -WASOCK_EDEADLINE;
        }
        is_first = false;
    }
}

int wasock_fd_wait_for_ns(int fd, unsigned direction, uint64_t timeout_ns)
{
    return wasock_fd_wait_until_ns(fd, direction, deadline_after(timeout_ns));
}

int wasock_fd_sleep_until_ns(uint64_t deadline_ns)
{
    int result = 0;

    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return -WASOCK_EDEADLOCK;
    }
    while (result == 0 || result == -WASOCK_EINTR) {
        const uint64_t step_ns = wait_step_ns(deadline_ns, false);
        if (step_ns == 0) {
            return 0;
        }
        result = wasock__fd_wait_once(-1, 0, step_ns);
    }
    return result;
}

int wasock_fd_sleep_for_ns(uint64_t timeout_ns)
{
    return wasock_fd_sleep_until_ns(deadline_after(timeout_ns));
}

int wasock_fd_poll_is_fake(int fd, bool is_listener)
{
    const int result = wasock__fd_wait_once(fd, WASOCK_WRITABLE, 0);

    if (result == 1) {
        return is_listener;
    }
    return result == -WASOCK_ENOTSUP ? 1 : result;
}

/* The userdata is 2 × index, + 1 for writability. */
static size_t subscribe_item(struct wasock__subscription *subscriptions,
                             size_t n, const struct wasock_poll_item *item,
                             size_t index)
{
    if (item->fd < 0) {
        return n;
    }
    if (item->interest & WASOCK_READABLE) {
        wasock__fd_subscribe(&subscriptions[n++], item->fd, WASOCK_READABLE,
                             2 * index);
    }
    if (item->interest & WASOCK_WRITABLE) {
        wasock__fd_subscribe(&subscriptions[n++], item->fd, WASOCK_WRITABLE,
                             2 * index + 1);
    }
    return n;
}

static void report_event(struct wasock_poll_item *items, size_t n_items,
                         const struct wasock__event *event)
{
    if (event->userdata / 2 >= n_items) {
        return; /* the clock, or an event that nobody asked for */
    }
    struct wasock_poll_item *item = &items[event->userdata / 2];
    if (event->error == WASOCK_EBADF) {
        item->error = -WASOCK_EBADF;
        return;
    }
    item->ready |= (event->userdata & 1) ? WASOCK_WRITABLE : WASOCK_READABLE;
}

static bool has_interest(const struct wasock_poll_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        if (items[i].fd >= 0 &&
            (items[i].interest & (WASOCK_READABLE | WASOCK_WRITABLE)) != 0) {
            return true;
        }
    }
    return false;
}

static int count_reported(const struct wasock_poll_item *items, size_t n_items)
{
    int n_reported = 0;

    for (size_t i = 0; i < n_items; i++) {
        n_reported += (items[i].ready != 0 || items[i].error != 0);
    }
    return n_reported;
}

/*
 * wasmtime fails the whole poll for one bad descriptor and does not say for
 * which: stat each. A directory is open, and still bad for wasmtime.
 */
static void find_dead_items(struct wasock_poll_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        struct wasock_fd_stat stat = {WASOCK_FD_UNKNOWN, false};
        if (items[i].fd < 0 || items[i].interest == 0) {
            continue;
        }
        const int result = wasock_fd_stat(items[i].fd, &stat);
        if (result < 0 || stat.kind == WASOCK_FD_DIRECTORY) {
            items[i].error = -WASOCK_EBADF;
        }
    }
}

/* Poll once. Returns the number of items reported, or an error. */
static int poll_items(struct wasock_poll_item *items, size_t n_items,
                      struct wasock_poll_scratch *scratch, uint64_t timeout_ns)
{
    /* The scratch holds both arrays, one after the other. */
    struct wasock__subscription *subscriptions =
        (struct wasock__subscription *)(void *)scratch;
    struct wasock__event *events =
        (struct wasock__event *)(void *)(subscriptions +
                                         WASOCK_POLL_SCRATCH_LENGTH(n_items));
    size_t n = 0;

    for (size_t i = 0; i < n_items; i++) {
        items[i].ready = 0;
        items[i].error = 0;
        n = subscribe_item(subscriptions, n, &items[i], i);
    }
    const int n_events =
        wasock__fd_poll_once(subscriptions, n, events, timeout_ns);
    if (n_events == -WASOCK_EBADF) {
        find_dead_items(items, n_items);
        const int n_dead = count_reported(items, n_items);
        return n_dead > 0 ? n_dead : n_events;
    }
    for (int i = 0; i < n_events; i++) {
        report_event(items, n_items, &events[i]);
    }
    return n_events < 0 ? n_events : count_reported(items, n_items);
}

int wasock_poll_until_ns(struct wasock_poll_item *items, size_t n_items,
                         struct wasock_poll_scratch *scratch,
                         uint64_t deadline_ns)
{
    if (deadline_ns == WASOCK_NO_DEADLINE && !has_interest(items, n_items)) {
        return -WASOCK_EDEADLOCK;
    }
    for (bool is_first = true;;) {
        const uint64_t step_ns = wait_step_ns(deadline_ns, is_first);
        const int result = poll_items(items, n_items, scratch, step_ns);
        if (result == -WASOCK_EINTR) {
            continue;
        }
        if (result != 0 || step_ns == 0) {
            return result;
        }
        is_first = false;
    }
}

int wasock_poll_for_ns(struct wasock_poll_item *items, size_t n_items,
                       struct wasock_poll_scratch *scratch, uint64_t timeout_ns)
{
    return wasock_poll_until_ns(items, n_items, scratch,
                                deadline_after(timeout_ns));
}

/* Poll one direction of an item again. */
static void confirm(struct wasock_poll_item *item, uint8_t direction)
{
    if ((item->ready & direction) == 0) {
        return;
    }
    const int result = wasock__fd_wait_once(item->fd, direction, 0);
    if (result == 0) {
        item->ready &= (uint8_t)~direction;
    } else if (result == -WASOCK_EBADF) {
        item->ready = 0;
        item->error = -WASOCK_EBADF;
    }
}

int wasock_poll_confirm(struct wasock_poll_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        confirm(&items[i], WASOCK_READABLE);
        confirm(&items[i], WASOCK_WRITABLE);
    }
    return count_reported(items, n_items);
}
