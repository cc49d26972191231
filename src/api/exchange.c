/* SPDX-License-Identifier: MIT */
#include "api/exchange.h"

#include <stdlib.h>
#include <string.h>

enum { THROWN_AWAY_MAX = 64 * 1024 };

struct exchange *
exchange_new(const char *target)
{
	size_t size = strlen(target) + 1;
	struct exchange *exchange = calloc(1, sizeof(*exchange) + size);

	if (exchange != NULL)
		memcpy(exchange->target, target, size);
	return exchange;
}

void
exchange_free(struct exchange *exchange)
{
	if (exchange != NULL)
		free(exchange->body);
	free(exchange);
}

bool
exchange_take(struct exchange *exchange, const char *bytes, size_t count, size_t most)
{
	if (exchange->body == NULL)
		exchange->body = malloc(most);
	if (exchange->body == NULL)
		return false;
	if (count <= most - exchange->body_length) {
		memcpy(exchange->body + exchange->body_length, bytes, count);
		exchange->body_length += count;
		return true;
	}
	exchange->body_too_long = true;
	exchange->thrown_away += count;
	return exchange->thrown_away <= THROWN_AWAY_MAX;
}
