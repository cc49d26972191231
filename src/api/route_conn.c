/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <stdlib.h>
#include "base/clock.h"
#include "export/record_json.h"
#include "track/conn_id.h"

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
	record_json_write(&text, &reading, VIEW_FULL);
	text_add_char(&text, '\n');
	reply->status = 200;
	reply->type = "application/json";
	reply->body = body;
	reply->length = text.length;
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
	if (answer == TABLE_FOUND || (answer == TABLE_GONE && history_find(track->history, id, &copy)))
		show(track, &copy.record, reply);
	else if (answer == TABLE_GONE)
		reply_problem(reply, PROBLEM_CONNECTION_GONE, NULL,
		    "It was closed, and later ones have taken its place in the history "
		    "(--history keeps more, though no more probes).");
	else
		reply_problem(reply, PROBLEM_UNKNOWN_CONNECTION, NULL,
		    "This start of the process never gave the id \"%s\".", request->id);
}
