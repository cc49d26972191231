/* SPDX-License-Identifier: MIT */
#include "api/thing.h"

#include <string.h>

bool
thing_has_pair(const struct thing *thing, const struct settings *settings, int pair)
{
	bool listener = strcmp(settings->listeners[thing->pair].name, settings->listeners[pair].name) == 0;
	bool upstream = strcmp(settings->upstreams[thing->pair].name, settings->upstreams[pair].name) == 0;

	switch (thing->scope) {
	case SCOPE_PROCESS:
		return true;
	case SCOPE_PAIR:
		return listener && upstream;
	case SCOPE_LISTENER:
		return listener;
	case SCOPE_UPSTREAM:
	case SCOPE_TARGET:
		break;
	}
	return upstream;
}

bool
thing_has_target(const struct thing *thing, const struct settings *settings, int pair, int target)
{
	const struct upstream_setting *first = &settings->upstreams[thing->pair], *other = &settings->upstreams[pair];

	return thing_has_pair(thing, settings, pair) &&
	       strcmp(first->targets[thing->target].name, other->targets[target].name) == 0;
}

struct thing
thing_first(enum scope scope)
{
	return (struct thing){ .scope = scope };
}

/* False: another stands for it. */
static bool
stands_for_itself(const struct thing *thing, const struct settings *settings)
{
	for (int pair = 0; pair < thing->pair; pair++) {
		if (thing_has_pair(thing, settings, pair))
			return false;
	}
	for (int target = 0; target < thing->target; target++) {
		if (thing_has_target(thing, settings, thing->pair, target))
			return false;
	}
	return true;
}

bool
thing_next(struct thing *thing, const struct settings *settings)
{
	if (thing->scope == SCOPE_PROCESS)
		return false;
	do {
		bool more = thing->scope == SCOPE_TARGET &&
			    thing->target + 1 < settings->upstreams[thing->pair].target_count;

		thing->target = more ? thing->target + 1 : 0;
		thing->pair += !more;
		if (thing->pair == settings->pair_count)
			return false;
	} while (!stands_for_itself(thing, settings));
	return true;
}
