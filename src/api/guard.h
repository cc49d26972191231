/* SPDX-License-Identifier: MIT */
#ifndef API_GUARD_H
#define API_GUARD_H

#include <stdbool.h>
#include "api/reply.h"
#include "base/addr.h"

/*
 * Who may ask at all.
 *
 * A page of another site can make a browser ask us, even under a name of its
 * own that it has pointed at 127.0.0.1 (DNS rebinding); the Host and Origin
 * headers, which no page can forge, tell.  And of a request that two readers
 * could divide differently (smuggling) nothing is believed.
 */
struct headers {
	bool http_1_0; /* which need not name a host */
	int hosts, origins, lengths, encodings, reasons;
	const char *host, *origin; /* NULL: none.  Of several the last */
	const char *length, *type; /* Content-Length, Content-Type */
	size_t body_max;           /* how long a body such a request may have; 0: none */
};

/* `bound` is the address we listen on, `reached` the one this connection came to; on a Unix socket only
 * its owner can ask, under whatever name.  False: `reply` says why not. */
bool
guard_admits(const struct headers *headers, const struct addr *bound, const struct addr *reached, struct reply *reply);

#endif
