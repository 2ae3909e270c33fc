/* SPDX-License-Identifier: MIT */
/* facts.h - how a fact is stated, and who states more of them. */
#ifndef FACTS_H
#define FACTS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

extern int n_facts;
extern int n_failed;

#define FACT(c)                                                                \
    do {                                                                       \
        n_facts++;                                                             \
        if (!(c)) {                                                            \
            n_failed++;                                                        \
            printf("%s:%d: %s (errno %d, %s)\n", __FILE__, __LINE__, #c,       \
                   errno, strerror(errno));                                    \
        }                                                                      \
    } while (0)

/* The call fails with this error. */
#define FAILS(call, error) FACT((errno = 0, (call) == -1 && errno == (error)))

/* Each in facts_NOUNs.c, limit_facts in facts_system.c. */
void alarm_facts(void);
void argument_facts(void);
void datagram_facts(void);
void end_facts(void);
void epoll_facts(void);
void file_facts(void);
void io_facts(void);
void ipv6_facts(void);
void kind_facts(void);
void lookup_facts(void);
void lone_lock_facts(void);
void name_facts(void);
void socket_facts(void);
void signal_facts(void);
void limit_facts(void);
void number_facts(void);
void path_facts(void);
void pipe_kind_facts(void);
void self_facts(void);
void time_facts(void);

#endif
