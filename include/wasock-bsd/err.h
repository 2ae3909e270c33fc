/* SPDX-License-Identifier: MIT */
/* err.h - messages on standard error, with the reason; wasi-libc declares and
 * lacks them. */
#ifndef WASOCK_BSD_ERR_H
#define WASOCK_BSD_ERR_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

void warn(const char *format, ...) WASOCK_BSD(warn)
    __attribute__((format(printf, 1, 2)));
void warnx(const char *format, ...) WASOCK_BSD(warnx)
    __attribute__((format(printf, 1, 2)));
void vwarn(const char *format, va_list arguments) WASOCK_BSD(vwarn)
    __attribute__((format(printf, 1, 0)));
void vwarnx(const char *format, va_list arguments) WASOCK_BSD(vwarnx)
    __attribute__((format(printf, 1, 0)));
void err(int status, const char *format, ...) WASOCK_BSD(err)
    __attribute__((format(printf, 2, 3), noreturn));
void errx(int status, const char *format, ...) WASOCK_BSD(errx)
    __attribute__((format(printf, 2, 3), noreturn));
void verr(int status, const char *format, va_list arguments) WASOCK_BSD(verr)
    __attribute__((format(printf, 2, 0), noreturn));
void verrx(int status, const char *format, va_list arguments) WASOCK_BSD(verrx)
    __attribute__((format(printf, 2, 0), noreturn));

#ifdef __cplusplus
}
#endif

#endif
