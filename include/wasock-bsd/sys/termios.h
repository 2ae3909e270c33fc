/* SPDX-License-Identifier: MIT */
#include <termios.h>
