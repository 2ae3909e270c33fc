/* SPDX-License-Identifier: MIT */
/* termios.h - there are no terminals. */
#ifndef WASOCK_BSD_TERMIOS_H
#define WASOCK_BSD_TERMIOS_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NCCS 32

/* c_iflag. */
#define IGNBRK 1
#define BRKINT 2
#define IGNPAR 4
#define PARMRK 8
#define INPCK 0x10
#define ISTRIP 0x20
#define INLCR 0x40
#define IGNCR 0x80
#define ICRNL 0x100
#define IXON 0x400
#define IXANY 0x800
#define IXOFF 0x1000

/* c_oflag. */
#define OPOST 1
#define ONLCR 4
#define OCRNL 8
#define ONOCR 0x10
#define ONLRET 0x20

/* c_cflag. */
#define CSIZE 0x30
#define CS5 0
#define CS6 0x10
#define CS7 0x20
#define CS8 0x30
#define CSTOPB 0x40
#define CREAD 0x80
#define PARENB 0x100
#define PARODD 0x200
#define HUPCL 0x400
#define CLOCAL 0x800

/* c_lflag. */
#define ISIG 1
#define ICANON 2
#define ECHO 8
#define ECHOE 0x10
#define ECHOK 0x20
#define ECHONL 0x40
#define NOFLSH 0x80
#define TOSTOP 0x100
#define IEXTEN 0x8000

/* c_cc. */
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11

/* tcsetattr. */
#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2

typedef unsigned tcflag_t;
typedef unsigned char cc_t;
typedef unsigned speed_t;

struct termios {
    tcflag_t c_iflag;
    tcflag_t c_oflag;
    tcflag_t c_cflag;
    tcflag_t c_lflag;
    cc_t c_cc[NCCS];
};

int tcgetattr(int fd, struct termios *settings) WASOCK_BSD(tcgetattr);
int tcsetattr(int fd, int when, const struct termios *settings)
    WASOCK_BSD(tcsetattr);

#ifdef __cplusplus
}
#endif

#endif
