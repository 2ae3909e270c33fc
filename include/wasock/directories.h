/* SPDX-License-Identifier: MIT */
/*
 * directories.h - files beside sockets, for programs that use wasi-libc.
 *
 * In a preview1 module wasi-libc looks for the directories that the host
 * preopened from descriptor 3 on, until there is none. A listener stands there
 * first, so it finds none of them, and fopen fails (on wazero it takes the
 * listener for a directory). This tells it of each. In a component, files have
 * descriptors of their own, and it does nothing.
 *
 * Nothing need be called by a program that links the CMake target
 * wasock::directories: it happens before main. Others link the archive
 * wasock_directories and call. Neither is needed for the rest of wasock, which
 * uses no libc.
 */
#ifndef WASOCK_DIRECTORIES_H
#define WASOCK_DIRECTORIES_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Let wasi-libc find the preopened directories. Once is enough; files that are
 * open already do not matter.
 * Returns how many directories there are behind a socket or before one; 0
 * where no socket is preopened, since nothing is wrong then.
 * Errors: ENOMEM.
 * Source: wasi-libc's __wasilibc_register_preopened_fd.
 */
int wasock_directories_register(void);

#ifdef __cplusplus
}
#endif

#endif
