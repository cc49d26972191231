/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api/kill_request.h"
#include "api/orders_reply.h"
#include "base/clock.h"
#include "export/json.h"
#include "export/record_json.h"
#include "track/conn_id.h"
#include "track/detail.h"

#define REFRESH_NS (50 * NS_PER_MS)

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

/* Its worker is asked to look at it now.  One that is stuck is not waited for: then the last look must do. */
static void
refresh(const struct track *track, uint64_t id, union record_words *copy)
{
	const struct timespec nap = { .tv_nsec = 50 * NS_PER_US };
	int64_t asked = clock_now();

	if (!orders_post(track->orders, &(struct admin_order){ .kind = ORDER_REFRESH, .id = id }))
		return;
	while (clock_now() - asked < REFRESH_NS) {
		if (table_find(track->table, id, copy) != TABLE_FOUND || copy->record.state == CONN_CLOSED ||
		    copy->record.sampled_ns >= asked)
			return;
		nanosleep(&nap, NULL);
	}
}

static bool
is_live(const struct record *record)
{
	return record->state != CONN_CLOSED;
}

/* The one that the path names; live, it is looked at anew if `fresh`.  False: `reply` says why there is none.
 * The table first: what leaves it stands in the history already. */
static bool
find(const struct request *request, bool fresh, union record_words *copy, struct reply *reply)
{
	const struct track *track = request->track;
	uint64_t boot, id;
	enum table_answer answer = TABLE_NEVER;

	if (conn_id_parse(request->name, &boot, &id) && boot == track->boot)
		answer = table_find(track->table, id, copy);
	if (answer == TABLE_FOUND && is_live(&copy->record) && fresh) {
		refresh(track, id, copy);
		answer = table_find(track->table, id, copy);
	}
	if (answer == TABLE_FOUND || (answer == TABLE_GONE && history_find(track->history, id, copy)))
		return true;
	if (answer == TABLE_GONE)
		reply_problem(reply, PROBLEM_CONNECTION_GONE, NULL,
		    "It was closed, and later ones have taken its place in the history "
		    "(--history keeps more, though no more probes).");
	else
		reply_problem(reply, PROBLEM_UNKNOWN_CONNECTION, NULL,
		    "This start of the process never gave the id \"%s\".", request->name);
	return false;
}

void
route_conn(const struct request *request, struct reply *reply)
{
	union record_words copy;

	if (find(request, true, &copy, reply))
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

	if (!kill_request_take(&kill, request, reply) || !find(request, false, &copy, reply))
		return;
	if (!is_live(&copy.record)) {
		refuse_closed(request, &copy.record, reply);
		return;
	}
	kill.order.id = copy.record.id;
	json_t *document = json_object();
	json_add_count(document, "matched", 1);
	orders_reply(reply, document, request->track->orders, kill.dry_run ? NULL : &kill.order);
}
