/* SPDX-License-Identifier: MIT */
#include "track/sighting.h"

#include <string.h>

int
sighting_upstream(const struct settings *settings, int pair)
{
	int first = 0;

	while (strcmp(settings->upstreams[first].name, settings->upstreams[pair].name) != 0)
		first++;
	return first;
}

int
sighting_target(const struct settings *settings, int pair, int target)
{
	const struct target_setting *targets = settings->upstreams[pair].targets;
	int first = 0;

	while (strcmp(targets[first].name, targets[target].name) != 0)
		first++;
	return first;
}

struct sighting
sighting_of(const struct settings *settings, int upstream, const struct record *record,
    const struct story_attempt *attempts, int attempt_count, uint32_t weight)
{
	struct sighting it = {
		.record = record,
		.attempts = attempts,
		.attempt_count = attempt_count,
		.upstream = upstream,
		.target = record->target_chosen ? sighting_target(settings, record->upstream, record->target) : -1,
		.first = -1,
		.weight = weight,
	};
	int first = story_first_target(record, attempts, attempt_count, &it.first_error);

	if (first != -1)
		it.first = sighting_target(settings, record->upstream, first);
	return it;
}
