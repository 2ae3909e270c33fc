/* SPDX-License-Identifier: MIT */
/* sys/sendfile.h - copy a file to any descriptor. */
#ifndef WASOCK_BSD_SYS_SENDFILE_H
#define WASOCK_BSD_SYS_SENDFILE_H

#pragma GCC system_header

#include <sys/types.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

ssize_t sendfile(int to, int from, off_t *offset, size_t length)
    WASOCK_BSD(sendfile);

#ifdef __cplusplus
}
#endif

#endif
