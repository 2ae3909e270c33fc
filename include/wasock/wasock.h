/* SPDX-License-Identifier: MIT */
/*
 * wasock.h - sockets for C programs inside a WASI sandbox: all the headers of
 * the library but fakenet.h and directories.h.
 */
#ifndef WASOCK_WASOCK_H
#define WASOCK_WASOCK_H

/* The version of these headers; there is no promise of a stable ABI. */
#define WASOCK_VERSION_MAJOR 0
#define WASOCK_VERSION_MINOR 1
#define WASOCK_VERSION_PATCH 0
#define WASOCK_VERSION "0.1.0"

#include <wasock/abi.h>
#include <wasock/addr.h>
#include <wasock/clock.h>
#include <wasock/conn.h>
#include <wasock/env.h>
#include <wasock/err.h>
#include <wasock/fd.h>
#include <wasock/listener.h>
#include <wasock/lookup.h>
#include <wasock/names.h>
#include <wasock/poller.h>
#include <wasock/preopen.h>
#include <wasock/server.h>
#include <wasock/socket.h>

#endif
