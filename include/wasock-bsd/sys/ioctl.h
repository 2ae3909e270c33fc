/* SPDX-License-Identifier: MIT */
/* sys/ioctl.h - FIONREAD and FIONBIO on every descriptor. */
#ifndef WASOCK_BSD_SYS_IOCTL_H
#define WASOCK_BSD_SYS_IOCTL_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/ioctl.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef TIOCGWINSZ
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
struct winsize {
    unsigned short ws_row;
    unsigned short ws_col;
    unsigned short ws_xpixel;
    unsigned short ws_ypixel;
};
#endif
#ifndef FIOASYNC
#define FIOASYNC 0x5452
#endif
#ifndef FIOCLEX
#define FIOCLEX 0x5451
#define FIONCLEX 0x5450
#endif

int ioctl(int fd, int request, ...) WASOCK_BSD(ioctl);

#ifdef __cplusplus
}
#endif

#endif
