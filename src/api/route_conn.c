/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <stdlib.h>
#include <string.h>
#include "api/kill_request.h"
#include "api/lookup.h"
#include "api/orders_reply.h"
#include "base/clock.h"
#include "export/json.h"
#include "export/record_json.h"
#include "track/detail.h"

const struct parameter route_kill_parameters[] = {
	KILL_PARAMETERS,
	{ 0 },
};

/* From malloc; NULL: no memory. */
static char *
write_record(const struct track *track, const struct record *record, struct text *text)
{
	struct reading reading = { .track = track, .record = record, .now_ns = clock_now() };
	char *bytes = malloc(RECORD_JSON_MAX);

	if (bytes == NULL)
		return NULL;
	text_init(text, bytes, RECORD_JSON_MAX);
	record_json_write(text, &reading, VIEW_SINGLE);
	return bytes;
}

static void
show(const struct track *track, const struct record *record, struct reply *reply)
{
	struct text text;
	char *body = write_record(track, record, &text);

	if (body == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	text_add_char(&text, '\n');
	reply->status = 200;
	reply->type = "application/json";
	reply->body = body;
	reply->length = text.length;
}

void
route_conn(const struct request *request, struct reply *reply)
{
	union record_words copy;

	if (lookup_conn(request, true, &copy, reply))
		show(request->track, &copy.record, reply);
}

/* To be ended. */

static void
refuse_closed(const struct request *request, const struct record *record, struct reply *reply)
{
	char bytes[DETAIL_MAX];
	struct text text, detail;
	char *json = write_record(request->track, record, &text);

	text_init(&detail, bytes, sizeof(bytes));
	detail_write(&detail, request->track, record);
	reply_problem(reply, PROBLEM_CONNECTION_CLOSED, NULL, "It ended before: %s", bytes);
	if (json != NULL)
		reply_append(reply, "connection", json, text.length);
	free(json);
}

void
route_kill(const struct request *request, struct reply *reply)
{
	struct kill_request kill;
	union record_words copy;

	if (!kill_request_take(&kill, request, reply) || !lookup_conn(request, false, &copy, reply))
		return;
	if (copy.record.state == CONN_CLOSED) {
		refuse_closed(request, &copy.record, reply);
		return;
	}
	kill.order.id = copy.record.id;
	json_t *document = json_object();
	json_add_count(document, "matched", 1);
	orders_reply(reply, document, request->track->orders, kill.dry_run ? NULL : &kill.order);
}
