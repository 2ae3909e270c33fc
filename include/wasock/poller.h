/* SPDX-License-Identifier: MIT */
/*
 * poller.h - wait for very many listeners and connections at once.
 *
 * What a wait costs follows what happens, not how many are watched: those that
 * were in use of late are asked about every time, the others in turn. One of
 * the others that speaks is noticed
 *   - at once when nothing has happened for a while: 1 ms or, where that is
 *     longer, 4.4 us for each watched; in a wait that may last as long,
 *   - while others keep the program busy, within the larger of 20 ms and 15 us
 *     for each watched (plus what the program itself takes between two waits,
 *     and the waits it takes to be told of all that is ready),
 *   - on a host whose poll is fake (wazero) within the larger of 20 ms and
 *     50 us for each watched.
 *
 * Readiness is a hint: the try_ calls may say EAGAIN. It is level-triggered:
 * what is ready and was not served is reported again. The poller knows
 * objects, never descriptor numbers: closing an object ends its registration
 * and no other, even if another shares its descriptor.
 *
 * A poller and what it watches belong to one thread.
 */
#ifndef WASOCK_POLLER_H
#define WASOCK_POLLER_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/fd.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Private: one registration. */
struct wasock__registration {
    struct wasock_watch watch;
    void *token;
    uint32_t place[2];       /* by side: its subscription; or list links */
    uint32_t deadline_index; /* where its deadline stands */
    uint16_t generation;     /* tells it from earlier ones of its number */
    uint8_t interest;
    uint8_t flags;
    uint8_t credit;      /* how long it stays active without being used */
    uint8_t n_silent[2]; /* by side: polls since it was last reported */
};

/* Private: the earliest deadline of a registration. */
struct wasock__deadline {
    uint64_t at_ns;
    uint32_t registration;
};

/*
 * The memory that a poller of `capacity` needs, in bytes: a constant
 * expression if `capacity` is one. An object that is waited for in both
 * directions at once counts twice.
 */
#define WASOCK_POLLER_SIZE(capacity)                                           \
    (((size_t)(capacity) + 2) * sizeof(struct wasock__subscription) +          \
     ((size_t)(capacity) + 2) * sizeof(struct wasock__event) +                 \
     (size_t)(capacity) * sizeof(struct wasock__deadline) +                    \
     (size_t)(capacity) * sizeof(struct wasock__registration))

/* Alignment that the memory of a poller needs, in bytes. */
#define WASOCK_POLLER_ALIGNMENT 8

/* A poller, in the caller's storage; it must not move. Members are private. */
struct wasock_poller {
    struct wasock__subscription *subscriptions_; /* idle, then active */
    struct wasock__event *events_;
    struct wasock__deadline *deadlines_; /* a heap */
    struct wasock__registration *registrations_;
    struct wasock_watch *inbox_;
    const struct wasock__backend *network_; /* in the process, if any */
    uint64_t swept_ns_;                     /* when the sweep last went on */
    uint64_t busy_ns_;        /* when something last happened; 0: just now */
    uint64_t muted_until_ns_; /* when starved listeners are asked again */
    uint32_t capacity_;
    uint32_t n_counted_;   /* registrations, as they count for capacity */
    uint32_t n_hosted_;    /* registrations of the host's descriptors */
    uint32_t n_networked_; /* registrations of the network in the process */
    uint32_t n_entered_;   /* the active set since the hand last moved */
    uint32_t waste_;       /* false events since then */
    uint32_t n_subscriptions_;
    uint32_t n_active_; /* of them, the active ones; they come last */
    uint32_t n_deadlines_;
    uint32_t free_;   /* lists of registrations: the first's number */
    uint32_t ready_;  /* of the network, perhaps ready */
    uint32_t muted_;  /* starved listeners */
    uint32_t n_kept_; /* events of the last poll not yet reported */
    uint32_t next_kept_;
    uint32_t hand_;       /* which active one is asked next for its credit */
    uint32_t sweep_;      /* which idle one is swept next */
    uint32_t n_swept_;    /* how many the last sweep of a fake poll tried */
    uint32_t n_due_;      /* how many idle ones such a sweep still owes */
    uint8_t host_poll_;   /* enum wasock__host_poll */
    uint8_t is_doubtful_; /* the last poll called everything ready */
    uint8_t nap_ms_;      /* the last nap on a fake poll */
    uint8_t n_naps_;      /* the longest ones since something moved */
    uint8_t n_assumed_;   /* times in a row that all were taken for ready */
    uint8_t is_after_assumed_; /* they were, before the last poll */
    uint8_t assume_pause_;     /* polls until that is done again */
    uint8_t is_virtual_;       /* the network has a clock of its own */
    uint8_t is_host_owed_; /* the network left it no room in the last turn */
};

/* Something to serve. */
struct wasock_poller_event {
    void *token;      /* as registered */
    uint8_t ready;    /* WASOCK_READABLE, WASOCK_WRITABLE: worth a try */
    uint8_t deadline; /* WASOCK_READABLE, WASOCK_WRITABLE: exceeded */
    int16_t error;    /* negative code that ends this registration's waiting */
};

/*
 * Make a poller.
 * poller: closed or never used; its storage is the caller's, and whatever it
 *   holds is forgotten, so that a poller in use must be closed first.
 * memory: `size` bytes, aligned to WASOCK_POLLER_ALIGNMENT, the caller's, to
 *   outlive the poller; WASOCK_POLLER_SIZE says how many.
 * Errors: EINVAL: misaligned memory; ESTORAGE: too little for even one.
 * Source: wasock's own.
 */
int wasock_poller_init(struct wasock_poller *poller, void *memory, size_t size)
    __attribute__((warn_unused_result));

/*
 * Watch an object.
 * socket: `&listener.socket`, `&conn.socket` or `&pollable.socket`, open.
 *   Closing it ends the registration. Several pollers may watch one object.
 * interest: WASOCK_READABLE, WASOCK_WRITABLE, both, or 0 to be told of
 *   deadlines only. A listener is readable when a connection waits.
 * token: whatever tells the caller what this is; given back with each event.
 * Errors: ECLOSED: the object, or the poller; EEXIST: it is watched already;
 *   ESTORAGE: the poller is full; EINVAL: no such interest; ECLOCK: real
 *   sockets and those of an in-process network with a clock of its own cannot
 *   be waited for together, nor those of two networks.
 * Source: wasock's own, after epoll.
 */
int wasock_poller_add(struct wasock_poller *poller,
                      struct wasock_socket *socket, unsigned interest,
                      void *token) __attribute__((warn_unused_result));

/*
 * Change what an object is watched for, and its token.
 * Errors: ENOENT: it is not watched; otherwise as wasock_poller_add, and then
 *   nothing is changed.
 * Source: wasock's own, after epoll.
 */
int wasock_poller_modify(struct wasock_poller *poller,
                         struct wasock_socket *socket, unsigned interest,
                         void *token) __attribute__((warn_unused_result));

/*
 * Watch an object no longer. Events of the last wait that the caller has not
 * served yet may still carry its token.
 * Errors: ECLOSED: the poller; ENOENT: it is not watched.
 * Source: wasock's own, after epoll.
 */
int wasock_poller_remove(struct wasock_poller *poller,
                         struct wasock_socket *socket);

/*
 * Wait until something may be served or a deadline comes.
 * events: room for `capacity` of them, the caller's. What finds no room is
 *   reported by the next waits, in turn. One object may have several.
 * deadline_ns: monotonic; WASOCK_DEADLINE_PAST looks without waiting,
 *   WASOCK_NO_DEADLINE waits for ever. Of the same clock as the objects'.
 * Returns how many events were written; 0 at the deadline.
 * A deadline of an object is an event once each time it is set and exceeded;
 * it does not change the readiness of the object. A listener whose accept
 * failed for want of descriptors is not reported until something that this
 * poller watches is closed, or for up to 20 ms.
 * Errors: ECLOSED: the poller; EDEADLOCK: there is nothing to wait for and no
 *   deadline; EINVAL: no room for an event; EINTR; any other code with which
 *   the host fails a poll.
 * Source: preview1 poll_oneoff.
 */
ptrdiff_t wasock_poller_wait(struct wasock_poller *poller,
                             struct wasock_poller_event *events,
                             size_t capacity, uint64_t deadline_ns)
    __attribute__((warn_unused_result));

/*
 * End all registrations; the objects stay open. The memory is the caller's
 * again.
 * Errors: none.
 * Source: wasock's own.
 */
void wasock_poller_close(struct wasock_poller *poller);

/*
 * A descriptor that is no socket and can be waited for, such as stdin, as an
 * object for wasock_poller_add: `&pollable.socket`. Use wasock_fd_read and
 * wasock_fd_write on it.
 */
struct wasock_pollable {
    struct wasock_socket socket;
};

/*
 * Make such an object. The descriptor stays the caller's, in the mode it has.
 * pollable: closed; opened.
 * Errors: EBADF: no such descriptor.
 * Source: preview1 fd_fdstat_get.
 */
int wasock_pollable_from_fd(struct wasock_pollable *pollable, int fd)
    __attribute__((warn_unused_result));

/*
 * Close the object, not the descriptor; pollers forget it.
 * Errors: ECLOSED.
 * Source: wasock's own.
 */
int wasock_pollable_close(struct wasock_pollable *pollable);

#ifdef __cplusplus
}
#endif

#endif
