/* SPDX-License-Identifier: MIT */
/*
 * type.h - link an archive's component type with its code.
 *
 * The component type is a custom section, which no code refers to. A file that
 * imports from the host names it, so that it is linked, for no bytes of its
 * own: type.c of wasip2/ and wasip3/ says what a component imports, run_type.c
 * what it exports.
 */
#ifndef WASOCK_COMPONENT_TYPE_H
#define WASOCK_COMPONENT_TYPE_H

#define WASOCK__LINK(symbol)                                                   \
    __asm__(".globl " #symbol "\n.type " #symbol ",@object\n"                  \
            ".no_dead_strip " #symbol "\n")

/* Once in each file that has imports, outside functions. */
#define WASOCK__LINK_IMPORTS WASOCK__LINK(wasock__sockets_type)
#define WASOCK__LINK_EXPORTS WASOCK__LINK(wasock__run_type)

/* The export that a component is started by. WASOCK_COMPONENT: 2 or 3. */
#if WASOCK_COMPONENT == 3
#define WASOCK__EXPORT_RUN                                                     \
    __attribute__((__export_name__("wasi:cli/run@0.3.0#run")))
#else
#define WASOCK__EXPORT_RUN                                                     \
    __attribute__((__export_name__("wasi:cli/run@0.2.0#run")))
#endif

#endif
