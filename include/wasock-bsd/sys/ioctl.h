/* SPDX-License-Identifier: MIT */
/*
 * sys/ioctl.h - FIONREAD and FIONBIO on every descriptor, Linux's
 * numbers; there are no terminals and no interfaces.
 */
#ifndef WASOCK_BSD_SYS_IOCTL_H
#define WASOCK_BSD_SYS_IOCTL_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/ioctl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How Linux numbers a request. */
#define _IOC_NRBITS 8
#define _IOC_TYPEBITS 8
#define _IOC_SIZEBITS 14
#define _IOC_DIRBITS 2
#define _IOC_NRSHIFT 0
#define _IOC_TYPESHIFT 8
#define _IOC_SIZESHIFT 16
#define _IOC_DIRSHIFT 30
#define _IOC_NONE 0U
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC(direction, type, number, size)                                    \
    (((direction) << _IOC_DIRSHIFT) | ((type) << _IOC_TYPESHIFT) |             \
     ((number) << _IOC_NRSHIFT) | ((size) << _IOC_SIZESHIFT))
#define _IO(type, number) _IOC(_IOC_NONE, (type), (number), 0)
#define _IOR(type, number, what) _IOC(_IOC_READ, (type), (number), sizeof(what))
#define _IOW(type, number, what)                                               \
    _IOC(_IOC_WRITE, (type), (number), sizeof(what))
#define _IOWR(type, number, what)                                              \
    _IOC(_IOC_READ | _IOC_WRITE, (type), (number), sizeof(what))

#undef FIONREAD
#undef FIONBIO
#define FIONREAD 0x541B
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452
#define TIOCINQ FIONREAD

#define TCGETS 0x5401
#define TCSETS 0x5402
#define TIOCEXCL 0x540C
#define TIOCNXCL 0x540D
#define TIOCSCTTY 0x540E
#define TIOCGPGRP 0x540F
#define TIOCSPGRP 0x5410
#define TIOCOUTQ 0x5411
#define TIOCSTI 0x5412
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define TIOCCONS 0x541D
#define TIOCNOTTY 0x5422
#define TIOCGPTN 0x80045430
#define TIOCSPTLCK 0x40045431

#define SIOCOUTQ TIOCOUTQ
#define SIOCADDRT 0x890B
#define SIOCDELRT 0x890C
#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCSIFFLAGS 0x8914
#define SIOCGIFADDR 0x8915
#define SIOCSIFADDR 0x8916
#define SIOCGIFDSTADDR 0x8917
#define SIOCGIFBRDADDR 0x8919
#define SIOCGIFNETMASK 0x891B
#define SIOCGIFMETRIC 0x891D
#define SIOCGIFMTU 0x8921
#define SIOCSIFMTU 0x8922
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933
#define SIOCGIFTXQLEN 0x8942
#define SIOCGARP 0x8954

struct winsize {
    unsigned short ws_row;
    unsigned short ws_col;
    unsigned short ws_xpixel;
    unsigned short ws_ypixel;
};

int ioctl(int fd, int request, ...) WASOCK_BSD(ioctl);

#ifdef __cplusplus
}
#endif

#endif
