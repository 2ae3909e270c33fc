// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <wasock/wasock.h>

// The compiler is one for C++, and for the target; so is the C++ library.
template <typename Listener> static int open(Listener &listener)
{
    return wasock_preopen_listener(1000, &listener);
}

// Constructed before main.
static std::vector<std::string> names = {"first"};

int main()
{
    wasock_listener listener = {};

#ifdef CONSUMER_WASM
    static_assert(sizeof(void *) == 4, "the host's compiler");
#endif
    names.push_back(wasock_err_name(open(listener)));
    return names[0] == "first" && names[1] == "ENOPREOPEN" ? 0 : 1;
}
