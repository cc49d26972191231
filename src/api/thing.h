/* SPDX-License-Identifier: MIT */
#ifndef API_THING_H
#define API_THING_H

#include <stdbool.h>
#include "config/settings.h"

/*
 * What metrics and /upstreams tell of, under the names that records have.  Pairs
 * with the same names, and targets, are one thing: the first of them stands for
 * all, or the same series would come twice.
 */
enum scope { SCOPE_PROCESS, SCOPE_PAIR, SCOPE_LISTENER, SCOPE_UPSTREAM, SCOPE_TARGET };

struct thing {
	enum scope scope;
	int pair, target;
};

/* The first of a scope, and the one behind it.  False: there is none. */
struct thing thing_first(enum scope scope);
bool thing_next(struct thing *thing, const struct settings *settings);

/* Whether a pair, a target of its upstream, belongs to it. */
bool thing_has_pair(const struct thing *thing, const struct settings *settings, int pair);
bool thing_has_target(const struct thing *thing, const struct settings *settings, int pair, int target);

#endif
