/* SPDX-License-Identifier: MIT */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

/* What is kept of a request while it comes. */
struct exchange {
	bool announced; /* its headers were */
	bool follows;   /* /events */
	char *body;     /* of body_length bytes so far; NULL: none came */
	size_t body_length;
	bool body_too_long;
	size_t thrown_away; /* bytes behind that */
	char target[];
};

/* NULL: no memory. */
struct exchange *exchange_new(const char *target);
void exchange_free(struct exchange *exchange);

/* What came in chunks is too long only once it has come; then the rest is thrown away, up to a point.  False: it
 * went on beyond that, or there is no memory, and the connection is to be cut. */
bool exchange_take(struct exchange *exchange, const char *bytes, size_t count, size_t most);

#endif
