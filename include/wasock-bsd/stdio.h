/* SPDX-License-Identifier: MIT */
/* stdio.h - streams over the layer's descriptors, sockets included. */
#ifndef WASOCK_BSD_STDIO_H
#define WASOCK_BSD_STDIO_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

/* wasi-libc calls these deprecated, because it has none. */
#define tmpfile wasock_bsd_no_tmpfile
#define tmpnam wasock_bsd_no_tmpnam
#include_next <stdio.h>
#undef tmpfile
#undef tmpnam

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef L_tmpnam
#define L_tmpnam 20
#endif
#ifndef TMP_MAX
#define TMP_MAX 10000
#endif
#ifndef P_tmpdir
#define P_tmpdir "/tmp"
#endif

/* Streams of the numbers 0, 1 and 2, also after dup2 to them; wasi-libc's
 * own are the host's. */
extern FILE *wasock_bsd_stdin;
extern FILE *wasock_bsd_stdout;
extern FILE *wasock_bsd_stderr;
#undef stdin
#undef stdout
#undef stderr
#define stdin wasock_bsd_stdin
#define stdout wasock_bsd_stdout
#define stderr wasock_bsd_stderr

int printf(const char *__restrict format, ...) WASOCK_BSD(printf)
    __attribute__((__format__(__printf__, 1, 2)));
int vprintf(const char *__restrict format, va_list arguments)
    WASOCK_BSD(vprintf) __attribute__((__format__(__printf__, 1, 0)));
int scanf(const char *__restrict format, ...) WASOCK_BSD(scanf)
    __attribute__((__format__(__scanf__, 1, 2)));
int vscanf(const char *__restrict format, va_list arguments) WASOCK_BSD(vscanf)
    __attribute__((__format__(__scanf__, 1, 0)));
int puts(const char *text) WASOCK_BSD(puts);
int putchar(int character) WASOCK_BSD(putchar);
int putchar_unlocked(int character) WASOCK_BSD(putchar_unlocked);
int getchar(void) WASOCK_BSD(getchar);
int getchar_unlocked(void) WASOCK_BSD(getchar_unlocked);
void perror(const char *prefix) WASOCK_BSD(perror);

FILE *fopen(const char *__restrict path, const char *__restrict mode)
    WASOCK_BSD(fopen);
int fclose(FILE *file) WASOCK_BSD(fclose);
FILE *freopen(const char *__restrict path, const char *__restrict mode,
              FILE *__restrict file) WASOCK_BSD(freopen);
FILE *fdopen(int fd, const char *mode) WASOCK_BSD(fdopen);
int fileno(FILE *stream) WASOCK_BSD(fileno);
int dprintf(int fd, const char *__restrict format, ...) WASOCK_BSD(dprintf)
    __attribute__((__format__(__printf__, 2, 3)));
int vdprintf(int fd, const char *__restrict format, va_list arguments)
    WASOCK_BSD(vdprintf) __attribute__((__format__(__printf__, 2, 0)));
void flockfile(FILE *stream) WASOCK_BSD(flockfile);
int ftrylockfile(FILE *stream) WASOCK_BSD(ftrylockfile);
void funlockfile(FILE *stream) WASOCK_BSD(funlockfile);
char *tmpnam(char *name) WASOCK_BSD(tmpnam);
FILE *tmpfile(void) WASOCK_BSD(tmpfile);
FILE *popen(const char *command, const char *mode) WASOCK_BSD(popen);
int pclose(FILE *stream) WASOCK_BSD(pclose);
int remove(const char *path) WASOCK_BSD(remove);
int rename(const char *from, const char *to) WASOCK_BSD(rename);
int renameat(int from_fd, const char *from, int to_fd, const char *to)
    WASOCK_BSD(renameat);

#ifdef __cplusplus
}
#endif

#endif
