/* SPDX-License-Identifier: MIT */
/* Traffic that is spread over all connections, in the order of a shape. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include "load.h"

/* Measure options.shape with connections that have joined.
 * Returns NULL, or what failed. */
const char *spread_measure(struct load *load);

#endif
