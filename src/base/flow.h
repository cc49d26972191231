/* SPDX-License-Identifier: MIT */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"

/*
 * The 5-tuple of one leg, small enough to be kept by the million.
 *
 * The source is whoever connected: the client on the client leg, we on the
 * upstream leg.  IPv4 is stored v4-mapped.  A plain value: copy it freely.
 */
enum flow_protocol { FLOW_NONE, FLOW_TCP, FLOW_UNIX };

struct flow_end {
	uint8_t ip[16];
	uint16_t port; /* host order */
};

struct flow {
	struct flow_end source, destination; /* all zero on a unix leg */
	uint8_t protocol;                    /* enum flow_protocol; FLOW_NONE: no socket yet */
};

void flow_set(struct flow *flow, const struct addr *source, const struct addr *destination);

/* As `ss` and people write it, IPv4 without the mapping.  text: INET6_ADDRSTRLEN bytes. */
const char *flow_ip_format(const struct flow_end *end, char text[INET6_ADDRSTRLEN]);

/* "tcp", "unix"; NULL for FLOW_NONE. */
const char *flow_protocol_text(enum flow_protocol protocol);

/* True when any of the two ports is this one. */
bool flow_has_port(const struct flow *flow, uint16_t port);

#endif
