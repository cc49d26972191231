/* SPDX-License-Identifier: MIT */
#ifndef API_GUARD_H
#define API_GUARD_H

#include <stdbool.h>
#include "api/reply.h"
#include "api/token.h"
#include "base/addr.h"
#include "config/settings.h"

/*
 * Who may ask at all.
 *
 * A page of another site can make a browser ask us, even under a name of its
 * own that it has pointed at 127.0.0.1 (DNS rebinding); the Host and Origin
 * headers, which no page can forge, tell.  Of a request that two readers
 * could divide differently (smuggling) nothing is believed.  And where there
 * is a token, whoever has not got it learns no more than whether we live, and
 * gets the page, which is the same everywhere and asks for it.
 */
struct guard {
	struct token token;
	bool tls;
	struct addr bound;             /* the address we listen on */
	const struct host_list *names; /* what we may be called besides */
};

struct headers {
	bool http_1_0; /* which need not name a host */
	int hosts, origins, lengths, encodings, reasons, types, authorizations;
	int blanks;                /* names with a blank before the colon */
	const char *host, *origin; /* NULL: none.  Of several the last */
	const char *length, *type; /* Content-Length, Content-Type */
	const char *encoding;      /* Transfer-Encoding */
	const char *authorization;
	int accepts;
	const char *accept; /* Accept: what form of an answer is liked */
	const char *target; /* as it stands in the request line */
	size_t body_max;    /* how long a body such a request may have; 0: none */
};

/* Takes one header into account; the text is kept, not copied. */
void headers_note(struct headers *headers, const char *name, const char *value);

/* `reached` is the address that this connection came to; on a Unix socket only those whom its mode lets
 * can ask, under whatever name.  False: `reply` says why not. */
bool
guard_admits(const struct guard *guard, const struct headers *headers, const struct addr *reached, struct reply *reply);

#endif
