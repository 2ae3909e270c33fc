/* SPDX-License-Identifier: MIT */
/* What the real cmocka.h wants before it; guests have none and need none. */
