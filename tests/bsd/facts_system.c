/* SPDX-License-Identifier: MIT */
/* facts_system - limits that hold, and addresses as text. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts.h"

/* A program that lowers RLIMIT_NOFILE runs out of numbers there. */
static void few_numbers(void)
{
    static struct pollfd fds[33];
    struct rlimit before;
    struct rlimit limit;
    int ends[2];
    int fd = -1;
    char kept[] = "/tmp/wasock-facts-XXXXXX";
    struct stat status;
    const int file = mkstemp(kept);
    const int first = open("/dev/null", O_RDONLY);

    FACT(write(file, "hello", 5) == 5);
    FACT(first > 2 && first < 30 && close(first) == 0);
    FACT(getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit = before;
    limit.rlim_cur = 32;
    FACT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    FACT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 32);
    FACT(sysconf(_SC_OPEN_MAX) == 32 && getdtablesize() == 32);
    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd < 64);
    FACT(fd == -1 && errno == EMFILE && close(31) == 0);
    FACT(dup(first) == 31);
    FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
    FAILS(dup(first), EMFILE);
    FAILS(dup2(first, 32), EBADF);
    FACT(dup2(first, 31) == 31);
    FAILS(fcntl(first, F_DUPFD, 32), EINVAL);
    FAILS(fcntl(first, F_DUPFD, first), EMFILE);
    FAILS(pipe(ends), EMFILE);
    FAILS(epoll_create1(0), EMFILE);
    FACT(fopen("/dev/null", "r") == NULL && errno == EMFILE);
    FAILS(open(kept, O_WRONLY | O_TRUNC), EMFILE);
    FACT(fstat(file, &status) == 0 && status.st_size == 5);
    FACT(unlink(kept) == 0);
    FAILS(open(kept, O_WRONLY | O_CREAT, 0600), EMFILE);
    FAILS(unlink(kept), ENOENT);
    FAILS(poll(fds, 33, 0), EINVAL);
    FACT(close(31) == 0);
    FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), EMFILE);
    FACT(dup(first) == 31); /* no end was left behind */
    for (fd = first; fd < 32; fd++) {
        FACT(close(fd) == 0);
    }
    FACT(close(file) == 0);
    FACT(setrlimit(RLIMIT_NOFILE, &before) == 0);
    limit.rlim_cur = limit.rlim_max + 1;
    FAILS(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
    FAILS(setrlimit(999, &before), EINVAL);
    FAILS(getrlimit(999, &limit), EINVAL);
    FAILS(getrlimit(RLIM_NLIMITS, &limit), EINVAL);
}

static int lookup(const char *host, const char *service, int flags, int type,
                  struct addrinfo **found)
{
    const struct addrinfo hints = {
        .ai_flags = flags, .ai_family = AF_INET, .ai_socktype = type};

    return getaddrinfo(host, service, &hints, found);
}

static void lookups(void)
{
    struct addrinfo *found = NULL;

    FACT(lookup(NULL, NULL, 0, 0, &found) == EAI_NONAME);
    FACT(lookup("localhost", "80", AI_NUMERICHOST, 0, &found) == EAI_NONAME);
    FACT(lookup("127.0.0.1", "80", 0, 99, &found) == EAI_SOCKTYPE);
    FACT(lookup("127.0.0.1", "http", AI_NUMERICSERV, 0, &found) == EAI_NONAME);
    FACT(lookup("::1", "80", AI_NUMERICHOST, 0, &found) != 0);
    FACT(lookup(NULL, "80", AI_PASSIVE, SOCK_STREAM, &found) == 0);
    FACT(found->ai_protocol == IPPROTO_TCP && found->ai_next == NULL);
    FACT(((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr.s_addr == 0);
    freeaddrinfo(found);
    FACT(lookup("LocalHost", "", 0, SOCK_STREAM, &found) == 0);
    freeaddrinfo(found);
    FACT(gethostbyname("127.1") != NULL && gethostbyname("LOCALHOST") != NULL);
    FACT(lookup("127.0.0.1", NULL, 0, SOCK_DGRAM, &found) == 0);
    FACT(found->ai_protocol == IPPROTO_UDP);
    FACT(((struct sockaddr_in *)(void *)found->ai_addr)->sin_port == 0);
    freeaddrinfo(found);
}

/* What inet_aton makes of a text; 0: nothing. */
static uint32_t ip_of(const char *text)
{
    struct in_addr address = {0};

    return inet_aton(text, &address) == 1 ? ntohl(address.s_addr) : 0;
}

static void texts(void)
{
    FACT(ip_of("127.1") == 0x7f000001 && ip_of("0x7f.1") == 0x7f000001);
    FACT(ip_of("10.1.513") == 0x0a010201 && ip_of("16909060") == 0x01020304);
    FACT(ip_of("010.0.0.1") == 0x08000001 && ip_of("1.2.3.4 x") == 0x01020304);
    FACT(ip_of("1.2.3.256") == 0 && ip_of("1.2.65536") == 0);
    FACT(ip_of("256.1") == 0 && ip_of("4294967296") == 0);
    FACT(ip_of("1.2.3.4.5") == 0 && ip_of("1.2.3.4x") == 0);
    FACT(ip_of("") == 0 && ip_of("1..2") == 0 && ip_of("1.2.") == 0);
    FACT(ip_of("-1") == 0 && ip_of(" 1.2.3.4") == 0);
    FACT(inet_addr("1.2") == htonl(0x01000002));
}

void limit_facts(void)
{
    few_numbers();
    lookups();
    texts();
}
