/* SPDX-License-Identifier: MIT */
/* dirent.h - directory streams over the layer's descriptors. */
#ifndef WASOCK_BSD_DIRENT_H
#define WASOCK_BSD_DIRENT_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <dirent.h>

/* wasi-libc uses the type of sockets for pipes, which preview1 lacks. */
#ifndef DT_SOCK
#define DT_SOCK __WASI_FILETYPE_SOCKET_STREAM
#undef DT_FIFO
#define DT_FIFO 254
#endif
#ifndef DT_WHT
#define DT_WHT 255
#endif

#ifdef __cplusplus
extern "C" {
#endif

DIR *opendir(const char *path) WASOCK_BSD(opendir);
DIR *fdopendir(int fd) WASOCK_BSD(fdopendir);
int dirfd(DIR *directory) WASOCK_BSD(dirfd);
int closedir(DIR *directory) WASOCK_BSD(closedir);

#ifdef __cplusplus
}
#endif

#endif
