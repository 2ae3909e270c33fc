/* SPDX-License-Identifier: MIT */
/* dlfcn.h - there are no shared libraries. */
#ifndef WASOCK_BSD_DLFCN_H
#define WASOCK_BSD_DLFCN_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RTLD_LAZY 1
#define RTLD_NOW 2
#define RTLD_NOLOAD 4
#define RTLD_LOCAL 0
#define RTLD_GLOBAL 256
#define RTLD_DEFAULT ((void *)0)
#define RTLD_NEXT ((void *)-1)

typedef struct {
    const char *dli_fname;
    void *dli_fbase;
    const char *dli_sname;
    void *dli_saddr;
} Dl_info;

void *dlopen(const char *path, int flags) WASOCK_BSD(dlopen);
void *dlsym(void *library, const char *name) WASOCK_BSD(dlsym);
int dlclose(void *library) WASOCK_BSD(dlclose);
char *dlerror(void) WASOCK_BSD(dlerror);
int dladdr(const void *address, Dl_info *info) WASOCK_BSD(dladdr);

#ifdef __cplusplus
}
#endif

#endif
