/* SPDX-License-Identifier: MIT */
/* sys/signalfd.h - read the signals that the program raises and blocks. */
#ifndef WASOCK_BSD_SYS_SIGNALFD_H
#define WASOCK_BSD_SYS_SIGNALFD_H

#pragma GCC system_header

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SFD_NONBLOCK O_NONBLOCK
#define SFD_CLOEXEC O_CLOEXEC

/* Linux's 128 bytes. */
struct signalfd_siginfo {
    uint32_t ssi_signo;
    int32_t ssi_errno;
    int32_t ssi_code;
    uint32_t ssi_pid;
    uint32_t ssi_uid;
    int32_t ssi_fd;
    uint32_t ssi_tid;
    uint32_t ssi_band;
    uint32_t ssi_overrun;
    uint32_t ssi_trapno;
    int32_t ssi_status;
    int32_t ssi_int;
    uint64_t ssi_ptr;
    uint64_t ssi_utime;
    uint64_t ssi_stime;
    uint64_t ssi_addr;
    uint16_t ssi_addr_lsb;
    uint8_t wasock_bsd_rest[46];
};

int signalfd(int fd, const sigset_t *mask, int flags) WASOCK_BSD(signalfd);

#ifdef __cplusplus
}
#endif

#endif
