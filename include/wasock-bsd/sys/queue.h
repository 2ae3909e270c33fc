/* SPDX-License-Identifier: MIT */
/*
 * sys/queue.h - the BSDs' intrusive lists, which wasi-libc lacks.
 *
 * SLIST: a chain, from its head on. LIST: one that any element can leave.
 * STAILQ, also called SIMPLEQ: a chain that knows its end. TAILQ: a chain in
 * both directions. The _SAFE loops allow the element to leave and be freed.
 */
#ifndef WASOCK_BSD_SYS_QUEUE_H
#define WASOCK_BSD_SYS_QUEUE_H

/* The body of all loops. */
#define WASOCK_BSD_EACH(var, first, next)                                      \
    for ((var) = (first); (var) != 0; (var) = (next))
#define WASOCK_BSD_EACH_SAFE(var, first, next, after)                          \
    for ((var) = (first); (var) != 0 && ((after) = (next), 1); (var) = (after))

/* SLIST. */
#define SLIST_HEAD(name, type)                                                 \
    struct name {                                                              \
        struct type *slh_first;                                                \
    }
#define SLIST_HEAD_INITIALIZER(head) {0}
#define SLIST_ENTRY(type)                                                      \
    struct {                                                                   \
        struct type *sle_next;                                                 \
    }
#define SLIST_FIRST(head) ((head)->slh_first)
#define SLIST_END(head) 0
#define SLIST_NEXT(element, field) ((element)->field.sle_next)
#define SLIST_EMPTY(head) (SLIST_FIRST(head) == 0)
#define SLIST_INIT(head) ((void)(SLIST_FIRST(head) = 0))
#define SLIST_FOREACH(var, head, field)                                        \
    WASOCK_BSD_EACH(var, SLIST_FIRST(head), SLIST_NEXT(var, field))
#define SLIST_FOREACH_SAFE(var, head, field, after)                            \
    WASOCK_BSD_EACH_SAFE(var, SLIST_FIRST(head), SLIST_NEXT(var, field), after)
#define SLIST_INSERT_HEAD(head, element, field)                                \
    do {                                                                       \
        SLIST_NEXT(element, field) = SLIST_FIRST(head);                        \
        SLIST_FIRST(head) = (element);                                         \
    } while (0)
#define SLIST_INSERT_AFTER(before, element, field)                             \
    do {                                                                       \
        SLIST_NEXT(element, field) = SLIST_NEXT(before, field);                \
        SLIST_NEXT(before, field) = (element);                                 \
    } while (0)
#define SLIST_REMOVE_HEAD(head, field)                                         \
    ((void)(SLIST_FIRST(head) = SLIST_NEXT(SLIST_FIRST(head), field)))
#define SLIST_REMOVE_AFTER(before, field)                                      \
    ((void)(SLIST_NEXT(before, field) =                                        \
                SLIST_NEXT(SLIST_NEXT(before, field), field)))
#define SLIST_REMOVE(head, element, type, field)                               \
    do {                                                                       \
        struct type **wasock_bsd_link = &SLIST_FIRST(head);                    \
        while (*wasock_bsd_link != (element)) {                                \
            wasock_bsd_link = &SLIST_NEXT(*wasock_bsd_link, field);            \
        }                                                                      \
        *wasock_bsd_link = SLIST_NEXT(*wasock_bsd_link, field);                \
    } while (0)

/* LIST: le_prev points to what points to the element. */
#define LIST_HEAD(name, type)                                                  \
    struct name {                                                              \
        struct type *lh_first;                                                 \
    }
#define LIST_HEAD_INITIALIZER(head) {0}
#define LIST_ENTRY(type)                                                       \
    struct {                                                                   \
        struct type *le_next;                                                  \
        struct type **le_prev;                                                 \
    }
#define LIST_FIRST(head) ((head)->lh_first)
#define LIST_END(head) 0
#define LIST_NEXT(element, field) ((element)->field.le_next)
#define LIST_EMPTY(head) (LIST_FIRST(head) == 0)
#define LIST_INIT(head) ((void)(LIST_FIRST(head) = 0))
#define LIST_FOREACH(var, head, field)                                         \
    WASOCK_BSD_EACH(var, LIST_FIRST(head), LIST_NEXT(var, field))
#define LIST_FOREACH_SAFE(var, head, field, after)                             \
    WASOCK_BSD_EACH_SAFE(var, LIST_FIRST(head), LIST_NEXT(var, field), after)

/* Put an element where a pointer to one stands. */
#define WASOCK_BSD_LIST_INSERT(link, element, field)                           \
    do {                                                                       \
        LIST_NEXT(element, field) = *(link);                                   \
        if (*(link) != 0) {                                                    \
            (*(link))->field.le_prev = &LIST_NEXT(element, field);             \
        }                                                                      \
        (element)->field.le_prev = (link);                                     \
        *(element)->field.le_prev = (element);                                 \
    } while (0)
#define LIST_INSERT_HEAD(head, element, field)                                 \
    WASOCK_BSD_LIST_INSERT(&LIST_FIRST(head), element, field)
#define LIST_INSERT_AFTER(before, element, field)                              \
    WASOCK_BSD_LIST_INSERT(&LIST_NEXT(before, field), element, field)
#define LIST_INSERT_BEFORE(behind, element, field)                             \
    do {                                                                       \
        (element)->field.le_prev = (behind)->field.le_prev;                    \
        LIST_NEXT(element, field) = (behind);                                  \
        *(behind)->field.le_prev = (element);                                  \
        (behind)->field.le_prev = &LIST_NEXT(element, field);                  \
    } while (0)
#define LIST_REMOVE(element, field)                                            \
    do {                                                                       \
        if (LIST_NEXT(element, field) != 0) {                                  \
            LIST_NEXT(element, field)->field.le_prev =                         \
                (element)->field.le_prev;                                      \
        }                                                                      \
        *(element)->field.le_prev = LIST_NEXT(element, field);                 \
    } while (0)
#define LIST_REPLACE(element, other, field)                                    \
    do {                                                                       \
        LIST_NEXT(other, field) = LIST_NEXT(element, field);                   \
        (other)->field.le_prev = (element)->field.le_prev;                     \
        if (LIST_NEXT(other, field) != 0) {                                    \
            LIST_NEXT(other, field)->field.le_prev = &LIST_NEXT(other, field); \
        }                                                                      \
        *(other)->field.le_prev = (other);                                     \
    } while (0)

/* STAILQ: stqh_last points to the last element's pointer, or the head's. */
#define STAILQ_HEAD(name, type)                                                \
    struct name {                                                              \
        struct type *stqh_first;                                               \
        struct type **stqh_last;                                               \
    }
#define STAILQ_HEAD_INITIALIZER(head) {0, &(head).stqh_first}
#define STAILQ_ENTRY(type)                                                     \
    struct {                                                                   \
        struct type *stqe_next;                                                \
    }
#define STAILQ_FIRST(head) ((head)->stqh_first)
#define STAILQ_END(head) 0
#define STAILQ_NEXT(element, field) ((element)->field.stqe_next)
#define STAILQ_EMPTY(head) (STAILQ_FIRST(head) == 0)
#define STAILQ_INIT(head)                                                      \
    do {                                                                       \
        STAILQ_FIRST(head) = 0;                                                \
        (head)->stqh_last = &STAILQ_FIRST(head);                               \
    } while (0)
#define STAILQ_FOREACH(var, head, field)                                       \
    WASOCK_BSD_EACH(var, STAILQ_FIRST(head), STAILQ_NEXT(var, field))
#define STAILQ_FOREACH_SAFE(var, head, field, after)                           \
    WASOCK_BSD_EACH_SAFE(var, STAILQ_FIRST(head), STAILQ_NEXT(var, field),     \
                         after)

/* Put an element where a pointer to one stands; the last may be another. */
#define WASOCK_BSD_STAILQ_INSERT(head, link, element, field)                   \
    do {                                                                       \
        STAILQ_NEXT(element, field) = *(link);                                 \
        if (STAILQ_NEXT(element, field) == 0) {                                \
            (head)->stqh_last = &STAILQ_NEXT(element, field);                  \
        }                                                                      \
        *(link) = (element);                                                   \
    } while (0)
#define STAILQ_INSERT_HEAD(head, element, field)                               \
    WASOCK_BSD_STAILQ_INSERT(head, &STAILQ_FIRST(head), element, field)
#define STAILQ_INSERT_AFTER(head, before, element, field)                      \
    WASOCK_BSD_STAILQ_INSERT(head, &STAILQ_NEXT(before, field), element, field)
#define STAILQ_INSERT_TAIL(head, element, field)                               \
    do {                                                                       \
        STAILQ_NEXT(element, field) = 0;                                       \
        *(head)->stqh_last = (element);                                        \
        (head)->stqh_last = &STAILQ_NEXT(element, field);                      \
    } while (0)
#define WASOCK_BSD_STAILQ_REMOVE(head, link, field)                            \
    do {                                                                       \
        *(link) = STAILQ_NEXT(*(link), field);                                 \
        if (*(link) == 0) {                                                    \
            (head)->stqh_last = (link);                                        \
        }                                                                      \
    } while (0)
#define STAILQ_REMOVE_HEAD(head, field)                                        \
    WASOCK_BSD_STAILQ_REMOVE(head, &STAILQ_FIRST(head), field)
#define STAILQ_REMOVE_AFTER(head, before, field)                               \
    WASOCK_BSD_STAILQ_REMOVE(head, &STAILQ_NEXT(before, field), field)
#define STAILQ_REMOVE(head, element, type, field)                              \
    do {                                                                       \
        struct type **wasock_bsd_link = &STAILQ_FIRST(head);                   \
        while (*wasock_bsd_link != (element)) {                                \
            wasock_bsd_link = &STAILQ_NEXT(*wasock_bsd_link, field);           \
        }                                                                      \
        WASOCK_BSD_STAILQ_REMOVE(head, wasock_bsd_link, field);                \
    } while (0)
#define STAILQ_CONCAT(head, other)                                             \
    do {                                                                       \
        if (!STAILQ_EMPTY(other)) {                                            \
            *(head)->stqh_last = STAILQ_FIRST(other);                          \
            (head)->stqh_last = (other)->stqh_last;                            \
            STAILQ_INIT(other);                                                \
        }                                                                      \
    } while (0)

/* SIMPLEQ. */
#define SIMPLEQ_HEAD(name, type)                                               \
    struct name {                                                              \
        struct type *sqh_first;                                                \
        struct type **sqh_last;                                                \
    }
#define SIMPLEQ_HEAD_INITIALIZER(head) {0, &(head).sqh_first}
#define SIMPLEQ_ENTRY(type)                                                    \
    struct {                                                                   \
        struct type *sqe_next;                                                 \
    }
#define SIMPLEQ_FIRST(head) ((head)->sqh_first)
#define SIMPLEQ_END(head) 0
#define SIMPLEQ_NEXT(element, field) ((element)->field.sqe_next)
#define SIMPLEQ_EMPTY(head) (SIMPLEQ_FIRST(head) == 0)
#define SIMPLEQ_INIT(head)                                                     \
    do {                                                                       \
        SIMPLEQ_FIRST(head) = 0;                                               \
        (head)->sqh_last = &SIMPLEQ_FIRST(head);                               \
    } while (0)
#define SIMPLEQ_FOREACH(var, head, field)                                      \
    WASOCK_BSD_EACH(var, SIMPLEQ_FIRST(head), SIMPLEQ_NEXT(var, field))
#define SIMPLEQ_FOREACH_SAFE(var, head, field, after)                          \
    WASOCK_BSD_EACH_SAFE(var, SIMPLEQ_FIRST(head), SIMPLEQ_NEXT(var, field),   \
                         after)
#define WASOCK_BSD_SIMPLEQ_INSERT(head, link, element, field)                  \
    do {                                                                       \
        SIMPLEQ_NEXT(element, field) = *(link);                                \
        if (SIMPLEQ_NEXT(element, field) == 0) {                               \
            (head)->sqh_last = &SIMPLEQ_NEXT(element, field);                  \
        }                                                                      \
        *(link) = (element);                                                   \
    } while (0)
#define SIMPLEQ_INSERT_HEAD(head, element, field)                              \
    WASOCK_BSD_SIMPLEQ_INSERT(head, &SIMPLEQ_FIRST(head), element, field)
#define SIMPLEQ_INSERT_AFTER(head, before, element, field)                     \
    WASOCK_BSD_SIMPLEQ_INSERT(head, &SIMPLEQ_NEXT(before, field), element,     \
                              field)
#define SIMPLEQ_INSERT_TAIL(head, element, field)                              \
    do {                                                                       \
        SIMPLEQ_NEXT(element, field) = 0;                                      \
        *(head)->sqh_last = (element);                                         \
        (head)->sqh_last = &SIMPLEQ_NEXT(element, field);                      \
    } while (0)
#define SIMPLEQ_REMOVE_HEAD(head, field)                                       \
    do {                                                                       \
        SIMPLEQ_FIRST(head) = SIMPLEQ_NEXT(SIMPLEQ_FIRST(head), field);        \
        if (SIMPLEQ_EMPTY(head)) {                                             \
            (head)->sqh_last = &SIMPLEQ_FIRST(head);                           \
        }                                                                      \
    } while (0)

/*
 * TAILQ: tqe_prev and tqh_last are as above. The element before is found
 * through its own tqe_prev, which an element and a head have at the same place.
 */
#define TAILQ_HEAD(name, type)                                                 \
    struct name {                                                              \
        struct type *tqh_first;                                                \
        struct type **tqh_last;                                                \
    }
#define TAILQ_HEAD_INITIALIZER(head) {0, &(head).tqh_first}
#define TAILQ_ENTRY(type)                                                      \
    struct {                                                                   \
        struct type *tqe_next;                                                 \
        struct type **tqe_prev;                                                \
    }
#define TAILQ_FIRST(head) ((head)->tqh_first)
#define TAILQ_END(head) 0
#define TAILQ_NEXT(element, field) ((element)->field.tqe_next)
#define TAILQ_LAST(head, name)                                                 \
    (*((struct name *)(void *)(head)->tqh_last)->tqh_last)
#define TAILQ_PREV(element, name, field)                                       \
    (*((struct name *)(void *)(element)->field.tqe_prev)->tqh_last)
#define TAILQ_EMPTY(head) (TAILQ_FIRST(head) == 0)
#define TAILQ_INIT(head)                                                       \
    do {                                                                       \
        TAILQ_FIRST(head) = 0;                                                 \
        (head)->tqh_last = &TAILQ_FIRST(head);                                 \
    } while (0)
#define TAILQ_FOREACH(var, head, field)                                        \
    WASOCK_BSD_EACH(var, TAILQ_FIRST(head), TAILQ_NEXT(var, field))
#define TAILQ_FOREACH_SAFE(var, head, field, after)                            \
    WASOCK_BSD_EACH_SAFE(var, TAILQ_FIRST(head), TAILQ_NEXT(var, field), after)
#define TAILQ_FOREACH_REVERSE(var, head, name, field)                          \
    WASOCK_BSD_EACH(var, TAILQ_LAST(head, name), TAILQ_PREV(var, name, field))
#define TAILQ_FOREACH_REVERSE_SAFE(var, head, name, field, after)              \
    WASOCK_BSD_EACH_SAFE(var, TAILQ_LAST(head, name),                          \
                         TAILQ_PREV(var, name, field), after)

#define WASOCK_BSD_TAILQ_INSERT(head, link, element, field)                    \
    do {                                                                       \
        TAILQ_NEXT(element, field) = *(link);                                  \
        if (TAILQ_NEXT(element, field) != 0) {                                 \
            TAILQ_NEXT(element, field)->field.tqe_prev =                       \
                &TAILQ_NEXT(element, field);                                   \
        } else {                                                               \
            (head)->tqh_last = &TAILQ_NEXT(element, field);                    \
        }                                                                      \
        (element)->field.tqe_prev = (link);                                    \
        *(element)->field.tqe_prev = (element);                                \
    } while (0)
#define TAILQ_INSERT_HEAD(head, element, field)                                \
    WASOCK_BSD_TAILQ_INSERT(head, &TAILQ_FIRST(head), element, field)
#define TAILQ_INSERT_AFTER(head, before, element, field)                       \
    WASOCK_BSD_TAILQ_INSERT(head, &TAILQ_NEXT(before, field), element, field)
#define TAILQ_INSERT_TAIL(head, element, field)                                \
    do {                                                                       \
        TAILQ_NEXT(element, field) = 0;                                        \
        (element)->field.tqe_prev = (head)->tqh_last;                          \
        *(head)->tqh_last = (element);                                         \
        (head)->tqh_last = &TAILQ_NEXT(element, field);                        \
    } while (0)
#define TAILQ_INSERT_BEFORE(behind, element, field)                            \
    do {                                                                       \
        (element)->field.tqe_prev = (behind)->field.tqe_prev;                  \
        TAILQ_NEXT(element, field) = (behind);                                 \
        *(behind)->field.tqe_prev = (element);                                 \
        (behind)->field.tqe_prev = &TAILQ_NEXT(element, field);                \
    } while (0)
#define TAILQ_REMOVE(head, element, field)                                     \
    do {                                                                       \
        if (TAILQ_NEXT(element, field) != 0) {                                 \
            TAILQ_NEXT(element, field)->field.tqe_prev =                       \
                (element)->field.tqe_prev;                                     \
        } else {                                                               \
            (head)->tqh_last = (element)->field.tqe_prev;                      \
        }                                                                      \
        *(element)->field.tqe_prev = TAILQ_NEXT(element, field);               \
    } while (0)
#define TAILQ_REPLACE(head, element, other, field)                             \
    do {                                                                       \
        TAILQ_NEXT(other, field) = TAILQ_NEXT(element, field);                 \
        (other)->field.tqe_prev = (element)->field.tqe_prev;                   \
        if (TAILQ_NEXT(other, field) != 0) {                                   \
            TAILQ_NEXT(other, field)->field.tqe_prev =                         \
                &TAILQ_NEXT(other, field);                                     \
        } else {                                                               \
            (head)->tqh_last = &TAILQ_NEXT(other, field);                      \
        }                                                                      \
        *(other)->field.tqe_prev = (other);                                    \
    } while (0)
#define TAILQ_CONCAT(head, other, field)                                       \
    do {                                                                       \
        if (!TAILQ_EMPTY(other)) {                                             \
            *(head)->tqh_last = TAILQ_FIRST(other);                            \
            TAILQ_FIRST(other)->field.tqe_prev = (head)->tqh_last;             \
            (head)->tqh_last = (other)->tqh_last;                              \
            TAILQ_INIT(other);                                                 \
        }                                                                      \
    } while (0)

#endif
