/* SPDX-License-Identifier: MIT */
/*
 * directories.h - files beside sockets, for programs that use wasi-libc.
 *
 * wasi-libc searches for the directories that the host preopened from
 * descriptor 3 on, and stops at the first descriptor that is none. In a
 * preview1 module listeners come first, so it finds no directory, and fopen
 * fails. (On wazero it takes the listener for a directory.) This module
 * registers each directory with wasi-libc.
 *
 * Link the CMake target wasock::directories, or what pkg-config gives for
 * wasock-directories: the call below runs before main. In a component and
 * natively it does nothing. The linker's options by hand:
 *
 *   -Wl,--export=wasock_directories_register -lwasock_directories
 */
#ifndef WASOCK_DIRECTORIES_H
#define WASOCK_DIRECTORIES_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Register the preopened directories with wasi-libc. Later calls do nothing.
 * Returns the number of directories registered; 0 if no socket is preopened,
 * in a component, and natively.
 * Errors: ENOMEM.
 * Source: wasi-libc's __wasilibc_register_preopened_fd.
 */
int wasock_directories_register(void);

#ifdef __cplusplus
}
#endif

#endif
