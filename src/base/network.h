/* SPDX-License-Identifier: MIT */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

/*
 * The addresses that begin alike, "10.0.0.0/8": IPv4 or IPv6, never both.
 *
 * Kept as struct flow_end keeps an address, IPv4 v4-mapped: the prefix counts
 * bits of 128.  A plain value: copy it freely.
 */
struct network {
	uint8_t ip[16]; /* nothing is set beyond the prefix */
	uint8_t prefix;
};

enum { NETWORK_TEXT_MAX = INET6_ADDRSTRLEN + sizeof("/128") };

/* "10.0.0.0/8", "2001:db8::/32", or an address, which is a network of its own; a v4-mapped one
 * is IPv4.  When false, `expected` was told what should have been there, to stand behind the
 * text in a message: "the prefix must be 0 to 32". */
bool network_parse(struct network *network, const char *text, struct text *expected);

/* What parses to the same again; a network of one address is that address. */
const char *network_format(const struct network *network, char *text, size_t size);

/* ip as in struct flow_end.  No IPv6 network contains an IPv4 address, not even ::/0. */
bool network_contains(const struct network *network, const uint8_t ip[16]);

#endif
