/* SPDX-License-Identifier: MIT */
/*
 * DELETE /conns?filter=…: an order for each that matches.
 *
 * The answer is written while the table is walked, in short turns.  Workers
 * take a few hundred orders at a time, and close what they name before they
 * take more; whoever posts faster than that naps, and gives up in the end.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api/conns_walk.h"
#include "api/kill_request.h"
#include "base/clock.h"
#include "export/json.h"

enum { MAX_MOST = 1000000000, DETAIL_ROOM = 200 };

#define PATIENCE_NS (2 * NS_PER_S) /* of all naps together */
#define NAP_NS      NS_PER_MS

const struct parameter route_kill_many_parameters[] = {
	SELECTION_PARAMETERS,
	{ "max", "{\"type\":\"integer\",\"minimum\":1}", "end no more than so many" },
	KILL_PARAMETERS,
	{ 0 },
};

struct kill_many {
	struct selection selection;
	struct kill_request kill;
	struct conns_walk walk;
	struct orders *orders;
	uint32_t slip; /* unless it is a dry run */
	uint64_t max;  /* 0: no bound */
	uint64_t matched, posted, refused;
	uint64_t waiting; /* the id for which there is no room yet; 0: none */
	int64_t patience_ns;
	char *document; /* the answer, once all is done */
	size_t length, taken;
};

static void
free_kill(void *source)
{
	struct kill_many *it = source;

	if (it->orders != NULL)
		orders_end(it->orders, it->slip, it->refused);
	conns_walk_fini(&it->walk);
	selection_fini(&it->selection);
	free(it->document);
	free(it);
}

/* False: it has to wait. */
static bool
post(struct kill_many *it, uint64_t id)
{
	it->waiting = 0;
	if (orders_post_by(it->orders, it->slip, id))
		it->posted++;
	else if (it->patience_ns > 0)
		it->waiting = id;
	else
		it->refused++;
	return it->waiting == 0;
}

static void
nap(struct kill_many *it)
{
	const struct timespec time = { .tv_nsec = NAP_NS };
	int64_t begun = clock_now();

	nanosleep(&time, NULL);
	it->patience_ns -= clock_now() - begun;
}

static bool
is_wanted(const struct kill_many *it)
{
	return !it->kill.dry_run && (it->max == 0 || it->posted + it->refused < it->max);
}

/* False: enough for this turn. */
static bool
go_on(struct kill_many *it)
{
	union record_words copy;

	if (it->waiting != 0 && !post(it, it->waiting)) {
		nap(it);
		return false;
	}
	switch (conns_walk_next(&it->walk, &copy)) {
	case WALK_FOUND:
		it->matched++;
		return !is_wanted(it) || post(it, copy.record.id);
	case WALK_BUSY:
		return false;
	case WALK_OVER:
		break;
	}
	return true;
}

static const char *
detail_of(const struct kill_many *it, char room[DETAIL_ROOM])
{
	struct text text;

	text_init(&text, room, DETAIL_ROOM);
	if (it->kill.dry_run)
		text_add(&text, "A dry run: nothing was ordered.");
	else if (it->posted + it->refused < it->matched)
		text_addf(&text, "%llu more match than max allows. ",
		    (unsigned long long)(it->matched - it->posted - it->refused));
	if (it->refused > 0)
		text_addf(&text, "%llu found no room: too many orders wait already, or nobody takes them; try again.",
		    (unsigned long long)it->refused);
	if (text.length > 0 && room[text.length - 1] == ' ')
		room[text.length - 1] = '\0';
	return room[0] == '\0' ? NULL : room;
}

static void
write_document(struct kill_many *it)
{
	json_t *document = json_object();
	char room[DETAIL_ROOM];

	json_add_count(document, "matched", it->matched);
	json_add_count(document, "posted", it->posted);
	json_add_text(document, "detail", detail_of(it, room));
	it->document = json_line(document, &it->length); /* without memory the status alone must do */
}

static size_t
fill(void *source, char *bytes, size_t size)
{
	struct kill_many *it = source;

	conns_walk_begin_turn(&it->walk);
	while (it->walk.phase != WALK_ENDED) {
		if (!go_on(it)) {
			bytes[0] = ' '; /* which JSON passes over */
			return 1;
		}
	}
	if (it->document == NULL && it->taken == 0)
		write_document(it);
	size = it->length - it->taken < size ? it->length - it->taken : size;
	if (size > 0)
		memcpy(bytes, it->document + it->taken, size);
	it->taken += size;
	return size;
}

static bool
take_max(struct kill_many *it, const char *value, struct reply *reply)
{
	if (value == NULL || query_number(value, 1, MAX_MOST, &it->max))
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "max", "Expected a number from 1 to %d.", MAX_MOST);
	return false;
}

/* Whoever forgets the filter must not end all. */
static bool
has_filter(const struct request *request, struct reply *reply)
{
	const char *filter = query_value(&request->query, "filter");

	if (filter != NULL && filter[strspn(filter, " \t\r\n")] != '\0')
		return true;
	reply_problem(reply, PROBLEM_MISSING_PARAMETER, "filter",
	    "It says which connections to end; to end them all, say filter=state != closed.");
	return false;
}

static bool
begin(struct kill_many *it, const struct track *track, struct reply *reply)
{
	conns_walk_init(&it->walk, track, &it->selection, 0);
	it->patience_ns = PATIENCE_NS;
	if (it->kill.dry_run)
		return true;
	if (orders_begin(track->orders, &it->kill.order, &it->slip)) {
		it->orders = track->orders;
		return true;
	}
	reply_problem(reply, PROBLEM_BUSY, NULL, "Too many orders are on their way already; try again.");
	reply->retry_after_s = 1;
	return false;
}

void
route_kill_many(const struct request *request, struct reply *reply)
{
	struct kill_many *it = calloc(1, sizeof(*it));

	if (it == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	if (has_filter(request, reply) && kill_request_take(&it->kill, request, reply) &&
	    take_max(it, query_value(&request->query, "max"), reply) &&
	    selection_take(&it->selection, request, reply) && begin(it, request->track, reply)) {
		reply_stream(reply, "application/json", fill, free_kill, it);
		reply->status = 202;
		return;
	}
	free_kill(it);
}
