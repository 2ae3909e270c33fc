/* SPDX-License-Identifier: MIT */
/* termios.h - there are no terminals to set. */
#ifndef WASOCK_BSD_TERMIOS_H
#define WASOCK_BSD_TERMIOS_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NCCS 32
#define ECHO 0x8
#define ICANON 0x2
#define ISIG 0x1
#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2
#define VMIN 6
#define VTIME 5

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
