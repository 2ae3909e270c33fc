/* SPDX-License-Identifier: MIT */
/* sys/shm.h - shared memory, which fails with ENOSYS. */
#ifndef WASOCK_BSD_SYS_SHM_H
#define WASOCK_BSD_SYS_SHM_H

#pragma GCC system_header

#include <stddef.h>
#include <sys/ipc.h>
#include <time.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHM_RDONLY 010000
#define SHM_RND 020000

struct shmid_ds {
    struct ipc_perm shm_perm;
    size_t shm_segsz;
    time_t shm_atime;
    time_t shm_dtime;
    time_t shm_ctime;
    pid_t shm_cpid;
    pid_t shm_lpid;
    unsigned long shm_nattch;
};

int shmget(key_t key, size_t size, int flags) WASOCK_BSD(shmget);
void *shmat(int segment, const void *address, int flags) WASOCK_BSD(shmat);
int shmdt(const void *address) WASOCK_BSD(shmdt);
int shmctl(int segment, int command, struct shmid_ds *status)
    WASOCK_BSD(shmctl);

#ifdef __cplusplus
}
#endif

#endif
