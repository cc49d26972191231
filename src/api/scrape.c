/* SPDX-License-Identifier: MIT */
#include "api/scrape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "export/prometheus.h"

#define TURN_NS NS_PER_MS

/* Two names in each line, of which every byte may have an escape, or be none and become U+FFFD; and no
 * thing has more lines in one family than reasons, with and without an initiator. */
enum { LINE_MAX_BYTES = 2 * 3 * NAME_TEXT_MAX + 256, ROOM = (2 * WHY_COUNT + 4) * LINE_MAX_BYTES };

void
scrape_add_names(const struct scrape *scrape, struct text *text, const struct thing *thing)
{
	const struct settings *settings = scrape->track->settings;
	const struct upstream_setting *upstream = &settings->upstreams[thing->pair];

	if (thing->scope == SCOPE_PAIR || thing->scope == SCOPE_LISTENER)
		prometheus_label(text, "listener", settings->listeners[thing->pair].name);
	if (thing->scope == SCOPE_PAIR || thing->scope == SCOPE_UPSTREAM || thing->scope == SCOPE_TARGET)
		prometheus_label(text, "upstream", upstream->name);
	if (thing->scope == SCOPE_TARGET)
		prometheus_label(text, "target", upstream->targets[thing->target].name);
}

struct text *
scrape_sample(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	prometheus_begin(&scrape->text, metric);
	scrape_add_names(scrape, &scrape->text, thing);
	return &scrape->text;
}

void
scrape_known(struct scrape *scrape, enum metric metric, const struct thing *thing, int64_t value)
{
	if (value >= 0)
		prometheus_count(scrape_sample(scrape, metric, thing), (uint64_t)value);
}

static void
step(struct scrape *scrape)
{
	if (thing_next(&scrape->thing, scrape->track->settings))
		return;
	scrape->metric++;
	scrape->headed = false;
	if (scrape->metric < METRIC_COUNT)
		scrape->thing = thing_first(scrape_families[scrape->metric].scope);
}

/* A family of which nothing is known is not told at all. */
static void
write_some(struct scrape *scrape)
{
	struct text *text = &scrape->text;
	enum metric metric = (enum metric)scrape->metric;

	text_init(text, scrape->room, ROOM);
	scrape->taken = 0;
	if (!scrape->headed)
		prometheus_head(text, metric);
	size_t head = text->length;
	scrape_families[metric].write(scrape, metric, &scrape->thing);
	assert(!text->truncated);
	if (text->length == head)
		text->length = 0;
	else
		scrape->headed = true;
	step(scrape);
}

static size_t
take(struct scrape *scrape, char *bytes, size_t size)
{
	size_t ready = scrape->text.length - scrape->taken, part = ready < size ? ready : size;

	memcpy(bytes, scrape->room + scrape->taken, part);
	scrape->taken += part;
	return part;
}

static size_t
fill(void *source, char *bytes, size_t size)
{
	struct scrape *scrape = source;
	int64_t until_ns = clock_now() + TURN_NS;
	size_t filled = 0;

	if (!scrape->counted)
		scrape->counted = census_go_on(&scrape->census, scrape->track->table, until_ns);
	if (!scrape->counted)
		return REPLY_YIELDS;
	for (;;) {
		filled += take(scrape, bytes + filled, size - filled);
		if (filled == size || scrape->metric == METRIC_COUNT)
			return filled;
		if (clock_now() >= until_ns)
			return filled > 0 ? filled : REPLY_YIELDS;
		write_some(scrape);
	}
}

static void
scrape_free(void *source)
{
	struct scrape *scrape = source;

	free(scrape->room);
	free(scrape);
}

void
scrape_begin(const struct track *track, struct followers *followers, struct reply *reply)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (scrape != NULL)
		scrape->room = malloc(ROOM);
	if (scrape == NULL || scrape->room == NULL) {
		free(scrape);
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	scrape->track = track;
	scrape->followers = *followers_totals(followers);
	process_read(&scrape->process);
	census_begin(&scrape->census, clock_now());
	text_init(&scrape->text, scrape->room, ROOM);
	scrape->thing = thing_first(scrape_families[0].scope);
	reply_stream(reply, PROMETHEUS_TYPE, fill, scrape_free, scrape);
}
