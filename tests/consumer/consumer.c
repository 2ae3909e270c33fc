/* SPDX-License-Identifier: MIT */
#include <wasock/wasock.h>

/* Success is to find no listener where there is none. */
int main(void)
{
    struct wasock_listener listener = {0};

    return wasock_preopen_listener(1000, &listener) == -WASOCK_ENOPREOPEN ? 0
                                                                          : 1;
}
