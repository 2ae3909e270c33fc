/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

/*
 * Subscriptions stand in one array: the idle ones in the order in which they
 * are swept, then the active ones. Of the idle ones, those before sweep_ were
 * swept in this round, and those from there on were not. Whoever takes a place
 * among the idle ones must not be swept later for it than it would have been.
 */

static uint64_t userdata_of(uint32_t index, uint16_t generation, unsigned side)
{
    return (uint64_t)generation << 48 | (uint64_t)index << 1 | side;
}

bool wasock__is_current(const struct wasock_poller *poller, uint64_t userdata)
{
    const uint64_t index = userdata << 16 >> 17;

    return index < poller->capacity_ &&
           wasock__registration_of(poller, userdata)->generation ==
               userdata >> 48 &&
           wasock__registration_of(poller, userdata)
                   ->place[wasock__side_of(userdata)] <
               poller->n_subscriptions_ &&
           (wasock__registration_of(poller, userdata)->flags &
            WASOCK__FLAG_LISTED) == 0;
}

static void put(struct wasock_poller *poller, uint32_t place,
                const struct wasock__subscription *subscription)
{
    poller->subscriptions_[place] = *subscription;
    wasock__registration_of(poller, subscription->userdata)
        ->place[wasock__side_of(subscription->userdata)] = place;
}

static void swap(struct wasock_poller *poller, uint32_t a, uint32_t b)
{
    const struct wasock__subscription first = poller->subscriptions_[a];

    if (a != b) {
        put(poller, a, &poller->subscriptions_[b]);
        put(poller, b, &first);
    }
}

/* Take an idle one into the active set. */
static void activate(struct wasock_poller *poller, uint32_t place)
{
    if (place < poller->sweep_) {
        /* The last that was swept goes there, and what comes in its place is
         * swept next. */
        swap(poller, place, --poller->sweep_);
        place = poller->sweep_;
    }
    swap(poller, place, wasock__n_idle(poller) - 1);
    poller->n_active_++;
}

void wasock__sets_promote(struct wasock_poller *poller, uint32_t place)
{
    if (place < wasock__n_idle(poller)) {
        activate(poller, place);
        poller->n_entered_++;
    }
}

void wasock__sets_demote(struct wasock_poller *poller, uint32_t place)
{
    swap(poller, place, wasock__n_idle(poller));
    poller->n_active_--;
}

static void subscribe_side(struct wasock_poller *poller, uint32_t index,
                           unsigned side)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint32_t place = poller->n_subscriptions_++;

    registration->place[side] = WASOCK__NOWHERE;
    wasock__fd_subscribe(&poller->subscriptions_[place],
                         registration->watch.socket_->fd_, 1U << side,
                         userdata_of(index, registration->generation, side));
    registration->place[side] = place;
    poller->n_active_++;
    poller->n_entered_++;
}

static void unsubscribe_side(struct wasock_poller *poller, uint32_t index,
                             unsigned side)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint32_t place = registration->place[side];

    if (place >= poller->n_subscriptions_) {
        return;
    }
    if (place < wasock__n_idle(poller)) {
        activate(poller, place);
    }
    swap(poller, registration->place[side], --poller->n_subscriptions_);
    poller->n_active_--;
    registration->place[side] = WASOCK__NOWHERE;
}

void wasock__host_subscribe(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];

    registration->place[0] = WASOCK__NOWHERE;
    registration->place[1] = WASOCK__NOWHERE;
    registration->n_silent[0] = 0;
    registration->n_silent[1] = 0;
    for (unsigned side = 0; side < 2; side++) {
        if (registration->interest & (1U << side)) {
            subscribe_side(poller, index, side);
        }
    }
}

void wasock__host_unsubscribe(struct wasock_poller *poller, uint32_t index)
{
    unsubscribe_side(poller, index, 0);
    unsubscribe_side(poller, index, 1);
}

bool wasock__take_moved(const struct wasock_poller *poller, uint32_t place,
                        unsigned bit)
{
    struct wasock_socket *socket =
        wasock__registration_at(poller, place)->watch.socket_;
    const bool has_moved = (socket->moved_ & bit) != 0;

    socket->moved_ &= (uint8_t)~bit;
    return has_moved;
}

uint32_t wasock__idle_due(const struct wasock_poller *poller,
                          uint64_t period_ns, uint64_t now_ns)
{
    const uint64_t elapsed_ns = wasock_ns_subtract(now_ns, poller->swept_ns_);
    const uint32_t n = wasock__n_idle(poller);

    /* A sweep in the future was one where the clock failed. */
    return elapsed_ns >= period_ns || now_ns < poller->swept_ns_
               ? n
               : (uint32_t)(n * elapsed_ns / period_ns);
}

uint32_t wasock__idle_next_group(struct wasock_poller *poller, uint32_t count)
{
    if (poller->sweep_ >= wasock__n_idle(poller)) {
        poller->sweep_ = 0;
    }
    const uint32_t left = wasock__n_idle(poller) - poller->sweep_;
    return left < count ? left : count;
}

bool wasock__may_be_tried(const struct wasock_poller *poller, uint64_t userdata)
{
    const struct wasock_socket *socket =
        wasock__registration_of(poller, userdata)->watch.socket_;

    if (socket->role_ != WASOCK__ROLE_PLAIN) {
        return true;
    }
    const int result =
        wasock__fd_wait_once(socket->fd_, 1U << wasock__side_of(userdata), 0);
    return result == 1 || result == -WASOCK_ENOTSUP || result == -WASOCK_EBADF;
}
