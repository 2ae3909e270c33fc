/* SPDX-License-Identifier: MIT */
/* ether.c - Ethernet's addresses from and to text. */
#include <netinet/ether.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "../plain.h"

#define TEXT_BYTES 18

char *ether_ntoa_r(const struct ether_addr *address, char *text)
{
    const uint8_t *octets = address->ether_addr_octet;

    snprintf(text, TEXT_BYTES, "%x:%x:%x:%x:%x:%x", octets[0], octets[1],
             octets[2], octets[3], octets[4], octets[5]);
    return text;
}
WASOCK_BSD_PLAIN(ether_ntoa_r);

char *ether_ntoa(const struct ether_addr *address)
{
    static char text[TEXT_BYTES];

    return ether_ntoa_r(address, text);
}
WASOCK_BSD_PLAIN(ether_ntoa);

/* NULL: no address. */
struct ether_addr *ether_aton_r(const char *text, struct ether_addr *address)
{
    for (int i = 0; i < ETH_ALEN; i++) {
        char *end = NULL;
        const unsigned long octet = strtoul(text, &end, 16);
        const char expected = i < ETH_ALEN - 1 ? ':' : '\0';
        if (end == text || octet > UINT8_MAX || *end != expected) {
            return NULL;
        }
        address->ether_addr_octet[i] = (uint8_t)octet;
        text = end + 1;
    }
    return address;
}
WASOCK_BSD_PLAIN(ether_aton_r);

struct ether_addr *ether_aton(const char *text)
{
    static struct ether_addr address;

    return ether_aton_r(text, &address);
}
WASOCK_BSD_PLAIN(ether_aton);
