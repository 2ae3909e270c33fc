// SPDX-License-Identifier: MIT
#include <wasock/wasock.h>

// The compiler is one for C++, and for the target.
template <typename Listener> static int open(Listener &listener)
{
    return wasock_preopen_listener(1000, &listener);
}

int main()
{
    wasock_listener listener = {};

#ifdef CONSUMER_WASM
    static_assert(sizeof(void *) == 4, "the host's compiler");
#endif
    return open(listener) == -WASOCK_ENOPREOPEN ? 0 : 1;
}
