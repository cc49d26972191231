/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <stdlib.h>
#include <time.h>
#include "base/clock.h"
#include "export/record_json.h"
#include "track/conn_id.h"

#define REFRESH_NS (50 * NS_PER_MS)

static void
show(const struct track *track, const struct record *record, struct reply *reply)
{
	struct reading reading = { .track = track, .record = record, .now_ns = clock_now() };
	char *body = malloc(RECORD_JSON_MAX);
	struct text text;

	if (body == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	text_init(&text, body, RECORD_JSON_MAX);
	record_json_write(&text, &reading, VIEW_SINGLE);
	text_add_char(&text, '\n');
	reply->status = 200;
	reply->type = "application/json";
	reply->body = body;
	reply->length = text.length;
}

/* Its worker is asked to look at it now.  One that is stuck is not waited for: then the last look must do. */
static void
refresh(const struct track *track, uint64_t id, union record_words *copy)
{
	const struct timespec nap = { .tv_nsec = 50 * NS_PER_US };
	int64_t asked = clock_now();

	if (!orders_post(track->orders, ORDER_REFRESH, id))
		return;
	while (clock_now() - asked < REFRESH_NS) {
		if (table_find(track->table, id, copy) != TABLE_FOUND || copy->record.state == CONN_CLOSED ||
		    copy->record.sampled_ns >= asked)
			return;
		nanosleep(&nap, NULL);
	}
}

/* The table first: what leaves it stands in the history already. */
void
route_conn(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	union record_words copy;
	uint64_t boot, id;
	enum table_answer answer = TABLE_NEVER;

	if (conn_id_parse(request->id, &boot, &id) && boot == track->boot)
		answer = table_find(track->table, id, &copy);
	if (answer == TABLE_FOUND && copy.record.state != CONN_CLOSED) {
		refresh(track, id, &copy);
		answer = table_find(track->table, id, &copy);
	}
	if (answer == TABLE_FOUND || (answer == TABLE_GONE && history_find(track->history, id, &copy)))
		show(track, &copy.record, reply);
	else if (answer == TABLE_GONE)
		reply_problem(reply, PROBLEM_CONNECTION_GONE, NULL,
		    "It was closed, and later ones have taken its place in the history (--history keeps more).");
	else
		reply_problem(reply, PROBLEM_UNKNOWN_CONNECTION, NULL,
		    "This start of the process never gave the id \"%s\".", request->id);
}
