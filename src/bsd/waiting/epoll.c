/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - epoll instances on wasock's poller.
 *
 * The cost of a wait follows the active descriptors, not the watched ones. The
 * poller gives hints; what may be read is read ahead, what may be accepted is
 * accepted ahead, what may be written is asked for alone: so an event is never
 * false (but on wazero EPOLLOUT may be). wasock/poller.h has the latency of
 * idle connections.
 *
 * True: level and edge triggering, ONESHOT, data, EPOLLRDHUP, a description
 * that is watched through several numbers, or that outlives its number. An edge
 * comes with every arrival, until 4 KiB are unread; then with what comes after
 * a read. An instance can watch others (epoll_nest.c). Not done: EPOLLPRI;
 * EPOLLEXCLUSIVE and EPOLLWAKEUP are ignored.
 */
#include "epoll_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../plain.h"
#include "../sockets/socket.h"
#include "../system/signals.h"
#include "../system/timers.h"
#include "../threads/layer.h"
#include "wait.h"

#define CAPACITY_AT_FIRST 64

static const struct operations epoll_operations;

/* The ring of items that may be ready. */

static void list(struct epoll *epoll, struct item *item)
{
    if (item->next_ready != NULL) {
        return;
    }
    if (epoll->ready == NULL) {
        item->next_ready = item;
        item->previous_ready = item;
        epoll->ready = item;
        return;
    }
    item->next_ready = epoll->ready;
    item->previous_ready = epoll->ready->previous_ready;
    item->previous_ready->next_ready = item;
    item->next_ready->previous_ready = item;
}

static void unlist(struct epoll *epoll, struct item *item)
{
    if (item->next_ready == NULL) {
        return;
    }
    item->previous_ready->next_ready = item->next_ready;
    item->next_ready->previous_ready = item->previous_ready;
    if (epoll->ready == item) {
        epoll->ready = item->next_ready == item ? NULL : item->next_ready;
    }
    item->next_ready = NULL;
    item->previous_ready = NULL;
}

/* An item that time alone can make ready is in a list, however it leaves. */
static void list_timed(struct epoll *epoll, struct item *item)
{
    if (!item->is_nested && /* whose news are taken with the others */
        item->watch.description->operations->due_ns != NULL) {
        item->next_timed = epoll->timed;
        epoll->timed = item;
    }
}

static void unlist_timed(struct epoll *epoll, const struct item *item)
{
    struct item **link = &epoll->timed;

    while (*link != NULL && *link != item) {
        link = &(*link)->next_timed;
    }
    if (*link != NULL) {
        *link = item->next_timed;
    }
}

static void free_item(struct epoll *epoll, struct item *item)
{
    unlist(epoll, item);
    unlist_timed(epoll, item);
    wasock_bsd__epoll_forget_end(epoll, item);
    wasock_bsd__unwatch(&item->watch);
    if (item->next != NULL) {
        item->next->previous = item->previous;
    }
    if (item->previous != NULL) {
        item->previous->next = item->next;
    } else {
        epoll->items = item->next;
    }
    epoll->n_items--;
    epoll->n_nested -= item->is_nested;
    free(item);
}

/* The next item of this instance among a description's watches. */
static struct item *item_of(const struct epoll *epoll,
                            struct epoll_watch *watch)
{
    while (watch != NULL && watch->inbox != &epoll->inbox) {
        watch = watch->next;
    }
    return (struct item *)watch;
}

static struct item *find_item(const struct epoll *epoll,
                              const struct description *description, int fd)
{
    struct item *item = item_of(epoll, description->watches);

    while (item != NULL && item->fd != fd) {
        item = item_of(epoll, item->watch.next);
    }
    return item;
}

/* Arming: what the poller is asked about. */

struct wasock_socket *wasock_bsd__epoll_host(struct description *description)
{
    return description->operations->host == NULL
               ? NULL
               : description->operations->host(description);
}

unsigned wasock_bsd__epoll_directions(unsigned events)
{
    return ((events & (EPOLLIN | EPOLLRDNORM)) != 0 ? WASOCK_READABLE : 0U) |
           ((events & (EPOLLOUT | EPOLLWRNORM)) != 0 ? WASOCK_WRITABLE : 0U);
}

/* The directions that an item wants the host to be asked about. */
static unsigned wanted_of(const struct item *item)
{
    struct description *description = item->watch.description;
    const struct operations *operations = description->operations;
    const unsigned events = item->event.events;
    /* Where there is nothing to look at, no end follows: readiness for it would
     * never be reported, and end every wait. */
    unsigned wanted = wasock_bsd__epoll_directions(events);

    if (wasock_bsd__is_connecting(description)) {
        return item->is_over ? 0 : WASOCK_WRITABLE; /* whatever it shows */
    }
    if ((events & EPOLLRDHUP) != 0 && operations->look != NULL) {
        wanted |= WASOCK_READABLE;
    }
    if ((events & EPOLLET) != 0) {
        wanted &= ~wasock_bsd__epoll_directions(item->stale);
    }
    if (wanted == 0 && operations->look != NULL) {
        wanted = WASOCK_READABLE; /* which is how an error is found */
    }
    if (operations->askable != NULL) {
        wanted &= operations->askable(description);
    }
    return item->is_over ? 0 : wanted;
}

/* The poller is about to be changed: let who waits in it begin anew. */
static void interrupt(struct epoll *epoll)
{
    if (epoll->is_asked) {
        wasock_bsd__note_change();
        wasock_bsd__wake_inbox(&epoll->inbox);
    }
}

/* Let the poller ask about what the items of one object want together. */
static int register_interest(struct epoll *epoll,
                             struct description *description,
                             struct wasock_socket *host, unsigned interest)
{
    interrupt(epoll);
    int result =
        wasock_poller_modify(&epoll->poller, host, interest, description);

    if (result == -WASOCK_ENOENT) {
        result = wasock_poller_add(&epoll->poller, host, interest, description);
    }
    return result;
}

/* Begin with an empty poller, or replace it by one. */
static int open_poller(struct epoll *epoll, size_t capacity)
{
    const size_t size = WASOCK_POLLER_SIZE(capacity);
    void *memory = malloc(size);

    if (memory == NULL) {
        return -ENOMEM;
    }
    wasock_poller_close(&epoll->poller);
    free(epoll->memory);
    epoll->memory = memory;
    epoll->capacity = capacity;
    const int result = wasock_poller_init(&epoll->poller, memory, size);
    return result < 0 ? result
                      : wasock_poller_set_interruptible(&epoll->poller, true);
}

/* A larger poller, for all that there is. */
static int grow(struct epoll *epoll)
{
    int result = open_poller(epoll, 2 * epoll->capacity);

    for (const struct item *item = epoll->items; item != NULL && result == 0;
         item = item->next) {
        struct description *description = item->watch.description;
        struct wasock_socket *host =
            description == NULL ? NULL : wasock_bsd__epoll_host(description);
        if (host != NULL) {
            result = wasock_poller_add(&epoll->poller, host, item->armed,
                                       description);
        }
        if (result == -WASOCK_EEXIST) {
            result = 0; /* through another number */
        }
    }
    return result;
}

/* The poller asks about nothing of a description: its object is another. */
static void forget_arming(struct epoll *epoll, struct description *description)
{
    for (struct item *item = item_of(epoll, description->watches); item != NULL;
         item = item_of(epoll, item->watch.next)) {
        item->armed = 0;
    }
}

/* What is wanted of an object may have changed. Returns 0 or an error. */
static int arm(struct epoll *epoll, struct description *description)
{
    struct wasock_socket *host = wasock_bsd__epoll_host(description);
    unsigned before = 0;
    unsigned interest = 0;

    if (host == NULL) {
        forget_arming(epoll, description);
        return 0;
    }
    for (const struct item *item = item_of(epoll, description->watches);
         item != NULL; item = item_of(epoll, item->watch.next)) {
        before |= item->armed;
        interest |= wanted_of(item);
    }
    for (struct item *item = item_of(epoll, description->watches); item != NULL;
         item = item_of(epoll, item->watch.next)) {
        item->armed = interest;
    }
    if (before == interest) {
        return 0;
    }
    const int result = register_interest(epoll, description, host, interest);
    return result == -WASOCK_ESTORAGE ? grow(epoll) : result;
}

/* News. */

/* Those of the events that an item asks for, by each of their names. */
static unsigned asked_of(const struct item *item, unsigned events)
{
    if (events & EPOLLIN) {
        events |= EPOLLRDNORM;
    }
    if (events & EPOLLOUT) {
        events |= EPOLLWRNORM;
    }
    return events & ((item->event.events & ~WASOCK_BSD_EPOLL_TRIGGERS) |
                     WASOCK_BSD_EPOLL_ALWAYS);
}

/* What is ready of what an item asks for. */
static unsigned ready_of(const struct item *item)
{
    struct description *description = item->watch.description;

    return asked_of(item,
                    description->operations->known(description) | item->told);
}

/* Record that something is ready, or has become so, and notify the watchers of
 * the instance. */
static void refresh(struct epoll *epoll, struct item *item, unsigned risen)
{
    const unsigned ready = ready_of(item);

    wasock_bsd__epoll_mind_end(epoll, item);
    if (item->is_over) {
        return;
    }
    risen = asked_of(item, risen);
    item->edges |= risen;
    if (ready != 0) {
        list(epoll, item);
        wasock_bsd__changed(&epoll->description,
                            (ready & risen) != 0 ? POLLIN | POLLRDNORM : 0);
    }
}

/* Let time make ready what it does. Returns the deadline at which it makes more
 * ready. */
static uint64_t take_time(const struct epoll *epoll)
{
    uint64_t due_ns = WASOCK_NO_DEADLINE;

    for (const struct item *item = epoll->timed; item != NULL;
         item = item->next_timed) {
        struct description *description = item->watch.description;
        if (description != NULL) {
            due_ns = wasock_deadline_earlier(
                due_ns, description->operations->due_ns(description));
        }
    }
    return due_ns;
}

uint64_t wasock_bsd__epoll_take_news(struct epoll *epoll)
{
    const uint64_t due_ns = take_time(epoll);

    while (epoll->inbox != NULL) {
        struct item *item = (struct item *)epoll->inbox;
        const unsigned risen = item->watch.risen;
        epoll->inbox = item->watch.next_news;
        item->watch.has_news = false;
        item->watch.risen = 0;
        if (item->watch.description == NULL) {
            free_item(epoll, item);
            continue;
        }
        if ((risen & WASOCK_BSD_RENEWED) != 0) {
            forget_arming(epoll, item->watch.description);
            item->told = 0;
            item->stale = 0;
        }
        if ((risen & WASOCK_BSD_FULL) != 0) {
            item->stale = 0;
            item->told &= ~(EPOLLOUT | EPOLLWRNORM);
        }
        item->stale &= EPOLLOUT | EPOLLWRNORM; /* it may have been read */
        refresh(epoll, item, risen);
        const int result = arm(epoll, item->watch.description);
        if (result < 0) {
            /* It cannot be waited for: let the program find out. */
            item->told |= EPOLLERR;
            item->edges |= EPOLLERR;
            list(epoll, item);
        }
    }
    return due_ns;
}

/* The host reports readiness: pass it to all items of this instance. */
void wasock_bsd__epoll_tell(struct epoll *epoll,
                            struct description *description, unsigned events)
{
    for (struct item *item = item_of(epoll, description->watches); item != NULL;
         item = item_of(epoll, item->watch.next)) {
        const unsigned risen = events & ~item->stale;
        item->told |= asked_of(item, events);
        item->stale |= events;
        refresh(epoll, item, risen);
    }
}

/* Reporting. */

/* What to report of an item; 0: it is not ready after all. */
static unsigned ready_events(const struct item *item)
{
    if (item->watch.description == NULL || item->is_over) {
        return 0; /* what is closed is in the inbox */
    }
    const unsigned ready = ready_of(item);
    if ((item->event.events & EPOLLET) != 0 && (item->edges & ready) == 0) {
        return 0;
    }
    return ready;
}

/* After a report: disarm what must not be reported again. Whatever else is
 * still ready stays in the ring, at its end. */
static void follow_report(struct epoll *epoll, struct item *item,
                          unsigned reported)
{
    item->told = 0;
    item->edges = 0;
    item->stale |= reported & (EPOLLOUT | EPOLLWRNORM);
    if (item->watch.description->operations->look == NULL) {
        item->stale |= reported & (EPOLLIN | EPOLLRDNORM);
    }
    if ((item->event.events & EPOLLET) != 0) {
        unlist(epoll, item);
    }
    if ((item->event.events & EPOLLONESHOT) != 0) {
        item->is_over = true;
        unlist(epoll, item);
    }
    if ((item->event.events & (EPOLLET | EPOLLONESHOT)) != 0) {
        const int result = arm(epoll, item->watch.description);
        (void)result; /* to ask for less takes no memory */
    }
}

/* A reset after EOF is reported together with that. */
static void look_for_reset(const struct item *item)
{
    struct description *description = item->watch.description;

    if (item->next_ended != NULL) {
        description->operations->look(description);
    }
}

/* Report those of the ring that are ready, each once. Returns the number. */
static int report_ready(struct epoll *epoll, struct epoll_event *events,
                        int capacity)
{
    const struct item *last =
        epoll->ready == NULL ? NULL : epoll->ready->previous_ready;
    bool is_last = last == NULL;
    int n = 0;

    while (epoll->ready != NULL && !is_last && n < capacity) {
        struct item *item = epoll->ready;
        look_for_reset(item);
        const unsigned ready = ready_events(item);
        is_last = item == last;
        if (ready == 0) {
            unlist(epoll, item);
            continue;
        }
        events[n].events = ready;
        events[n].data = item->event.data;
        n++;
        epoll->ready = item->next_ready; /* it comes last now */
        follow_report(epoll, item, ready);
    }
    return n;
}

bool wasock_bsd__epoll_is_ready(const struct epoll *epoll)
{
    struct item *item = epoll->ready;

    if (item == NULL) {
        return false;
    }
    do {
        if (ready_events(item) != 0) {
            return true;
        }
        item = item->next_ready;
    } while (item != epoll->ready);
    return false;
}

/* The instance as a description. */

static unsigned epoll_known(struct description *description)
{
    return wasock_bsd__epoll_is_ready((const struct epoll *)description)
               ? POLLIN
               : 0;
}

static void epoll_look(struct description *description)
{
    struct epoll *epoll = (struct epoll *)description;

    wasock_bsd__epoll_settle(epoll);
    if (!wasock_bsd__epoll_is_ready(epoll) && epoll->items != NULL) {
        const int ignored = wasock_bsd__epoll_ask(epoll, WASOCK_DEADLINE_PAST);
        (void)ignored; /* this wakes an epoll that waits on it */
        wasock_bsd__epoll_settle(epoll);
    }
}

static uint64_t epoll_due_ns(struct description *description)
{
    return wasock_bsd__epoll_settle((struct epoll *)description);
}

static int epoll_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = 0600;
    status->st_nlink = 1;
    return 0;
}

static int epoll_close(struct description *description)
{
    struct epoll *epoll = (struct epoll *)description;

    wasock_bsd__end_watches(description);
    for (struct item *item = epoll->items, *next; item != NULL; item = next) {
        next = item->next;
        free_item(epoll, item);
    }
    wasock_poller_close(&epoll->poller);
    free(epoll->memory);
    free(epoll);
    return 0;
}

static const struct operations epoll_operations = {
    .known = epoll_known,
    .due_ns = epoll_due_ns,
    .look = epoll_look,
    .stat = epoll_stat,
    .close = epoll_close,
};

/*
 * epoll_create(2), epoll_create1(2). EPOLL_CLOEXEC is remembered.
 * Errors: EINVAL: a size that is not positive, another flag; EMFILE; ENOMEM.
 */
int epoll_create(int size)
{
    if (size <= 0) {
        errno = EINVAL;
        return -1;
    }
    return epoll_create1(0);
}

int epoll_create1(int flags)
{
    if ((flags & ~EPOLL_CLOEXEC) != 0) {
        errno = EINVAL;
        return -1;
    }
    struct epoll *epoll = (struct epoll *)calloc(1, sizeof(*epoll));
    if (epoll == NULL || open_poller(epoll, CAPACITY_AT_FIRST) < 0) {
        free(epoll);
        errno = ENOMEM;
        return -1;
    }
    epoll->description.operations = &epoll_operations;
    epoll->description.flags = O_RDWR;
    return wasock_bsd__open(&epoll->description,
                            flags == EPOLL_CLOEXEC ? FD_CLOEXEC : 0);
}

/* The instance of a number; NULL with errno EBADF or EINVAL. */
static struct epoll *find_epoll(int fd)
{
    struct description *description = wasock_bsd__find(fd);

    if (description != NULL && description->operations != &epoll_operations) {
        errno = EINVAL;
        return NULL;
    }
    return (struct epoll *)description;
}

struct epoll *wasock_bsd__epoll_of(struct description *description)
{
    return description->operations == &epoll_operations
               ? (struct epoll *)description
               : NULL;
}

/* Whether an instance can wait for a description: 0, EPERM, or EINVAL for
 * itself. */
static int check_watchable(struct epoll *epoll, struct description *description)
{
    if (&epoll->description == description) {
        return -EINVAL;
    }
    return wasock_bsd__socket_of(description) != NULL ||
                   wasock_bsd__epoll_of(description) != NULL ||
                   wasock_bsd__epoll_host(description) != NULL ||
                   description->operations->is_waitable
               ? 0
               : -EPERM;
}

/* An item has new events: what is ready already counts as an edge. */
static int set_event(struct epoll *epoll, struct item *item,
                     const struct epoll_event *event)
{
    item->event = *event;
    item->is_over = false;
    item->told = 0;
    item->edges = 0;
    item->stale = 0;
    refresh(epoll, item, WASOCK_BSD_ALL);
    return arm(epoll, item->watch.description);
}

static int add_item(struct epoll *epoll, struct description *description,
                    int fd, const struct epoll_event *event)
{
    struct epoll *inner = wasock_bsd__epoll_of(description);
    const int nesting =
        inner == NULL ? 0 : wasock_bsd__epoll_check_nesting(epoll, inner);

    if (nesting < 0) {
        return nesting;
    }
    struct item *item = (struct item *)calloc(1, sizeof(*item));
    if (item == NULL) {
        return -ENOMEM;
    }
    item->fd = fd;
    item->is_nested = inner != NULL;
    item->next = epoll->items;
    if (item->next != NULL) {
        item->next->previous = item;
    }
    epoll->items = item;
    epoll->n_items++;
    epoll->n_nested += item->is_nested;
    wasock_bsd__watch(description, &item->watch, &epoll->inbox);
    list_timed(epoll, item);
    const int result = set_event(epoll, item, event);
    if (result < 0) {
        free_item(epoll, item);
    }
    return result;
}

static void remove_item(struct epoll *epoll, struct item *item)
{
    struct description *description = item->watch.description;
    struct wasock_socket *host = wasock_bsd__epoll_host(description);

    free_item(epoll, item);
    if (item_of(epoll, description->watches) != NULL) {
        const int ignored = arm(epoll, description);
        (void)ignored; /* to ask for less takes no memory */
    } else if (host != NULL) {
        interrupt(epoll);
        wasock_poller_remove(&epoll->poller, host);
    }
}

/*
 * epoll_ctl(2).
 * Errors: EBADF; EINVAL: no epoll instance, the instance itself, another
 *   operation; EEXIST; ENOENT; EFAULT: no event; ELOOP: instances would watch
 *   each other, or more than five in a row; EPERM: a file, a directory, a
 *   device; ENOMEM.
 */
int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && event == NULL) {
        errno = EFAULT;
        return -1;
    }
    struct epoll *epoll = find_epoll(epoll_fd);
    struct description *description = wasock_bsd__find(fd);
    if (epoll == NULL || description == NULL) {
        return -1;
    }
    int result = check_watchable(epoll, description);
    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    wasock_bsd__epoll_settle(epoll);
    struct item *item = find_item(epoll, description, fd);
    switch (operation) {
    case EPOLL_CTL_ADD:
        result =
            item != NULL ? -EEXIST : add_item(epoll, description, fd, event);
        break;
    case EPOLL_CTL_MOD:
        result = item == NULL ? -ENOENT : set_event(epoll, item, event);
        break;
    case EPOLL_CTL_DEL:
        result = item == NULL ? -ENOENT : 0;
        if (item != NULL) {
            remove_item(epoll, item);
        }
        break;
    default:
        result = -EINVAL;
        break;
    }
    wasock_bsd__wake_inbox(&epoll->inbox); /* who waits has other items now */
    return (int)wasock_bsd__result(result);
}

static int wait_until(struct epoll *epoll, struct epoll_event *events,
                      int capacity, uint64_t deadline_ns)
{
    epoll->nap_ms = 0;
    for (;;) {
        const uint64_t due_ns =
            wasock_bsd__until_timer(wasock_bsd__epoll_settle(epoll));
        const bool is_ready = wasock_bsd__epoll_is_ready(epoll);
        const int result = wasock_bsd__epoll_ask(
            epoll, is_ready ? WASOCK_DEADLINE_PAST
                            : wasock_deadline_earlier(deadline_ns, due_ns));
        if (result < 0) {
            return result;
        }
        wasock_bsd__epoll_settle(epoll);
        const int n = report_ready(epoll, events, capacity);
        if (n > 0 || wasock__time_left_ns(deadline_ns) == 0) {
            return n;
        }
        if (wasock_bsd__is_interrupted()) {
            return -EINTR;
        }
    }
}

static int wait_once(int epoll_fd, struct epoll_event *events, int capacity,
                     uint64_t deadline_ns)
{
    struct epoll *epoll = find_epoll(epoll_fd);

    if (epoll == NULL) {
        return -errno;
    }
    if (capacity <= 0 || events == NULL) {
        return capacity <= 0 ? -EINVAL : -EFAULT;
    }
    wasock_bsd__begin_call(&epoll->description);
    const int n = wait_until(epoll, events, capacity, deadline_ns);
    if (n == 0) {
        wasock_bsd__yield();
    } else {
        wasock_bsd__end_turn();
    }
    return (int)wasock_bsd__end_call(&epoll->description, 0, n);
}

/*
 * epoll_wait(2), epoll_pwait(2), epoll_pwait2(2). A signal that the mask lets
 * in comes if nothing is ready.
 * Errors: EBADF; EINVAL: no epoll instance, no room for an event, a bad
 * timeout; EINTR: a signal came; any other code of the host.
 */
static int wait_on(int epoll_fd, struct epoll_event *events, int capacity,
                   uint64_t deadline_ns, const sigset_t *mask)
{
    sigset_t before = 0;
    int result = 0;

    if (wasock_bsd__begin_mask(mask, &before)) {
        deadline_ns = WASOCK_DEADLINE_PAST;
    }
    do {
        result = wait_once(epoll_fd, events, capacity, deadline_ns);
    } while (result == -WASOCK_BSD_RESTART);
    return (int)wasock_bsd__result(wasock_bsd__end_mask(mask, &before, result));
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int capacity,
               int timeout_ms)
{
    return epoll_pwait(epoll_fd, events, capacity, timeout_ms, NULL);
}

int epoll_pwait(int epoll_fd, struct epoll_event *events, int capacity,
                int timeout_ms, const sigset_t *mask)
{
    return wait_on(epoll_fd, events, capacity,
                   wasock_bsd__deadline_of_ms(timeout_ms), mask);
}

int epoll_pwait2(int epoll_fd, struct epoll_event *events, int capacity,
                 const struct timespec *timeout, const sigset_t *mask)
{
    uint64_t deadline_ns = 0;
    const int result = wasock_bsd__deadline_of(timeout, &deadline_ns);

    return result < 0 ? (int)wasock_bsd__result(result)
                      : wait_on(epoll_fd, events, capacity, deadline_ns, mask);
}

WASOCK_BSD_PLAIN(epoll_create);
WASOCK_BSD_PLAIN(epoll_create1);
WASOCK_BSD_PLAIN(epoll_ctl);
WASOCK_BSD_PLAIN(epoll_pwait);
WASOCK_BSD_PLAIN(epoll_pwait2);
WASOCK_BSD_PLAIN(epoll_wait);
