/* SPDX-License-Identifier: MIT */
/* GET /events: what is asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "api/accept.h"
#include "api/event_stream.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/quantity.h"

#define INTERVAL_LEAST_NS (200 * NS_PER_MS)
#define INTERVAL_MOST_NS  (3600 * NS_PER_S)

enum { AGAIN_S = 5 }; /* when one that was refused may ask again */

const struct parameter route_events_parameters[] = {
	SELECTION_PARAMETERS,
	{ "types", "{\"type\":\"string\"}", "only these, with commas between them, as open,close,denied" },
	{ "since", "{\"type\":\"string\"}", "goes on behind this cursor, of a list or of an event" },
	{ "interval", "{\"type\":\"string\"}", "also tells, so often, what has moved: 200ms, 1s, 5m, up to 1h" },
	SHAPE_FIELDS_PARAMETERS,
	{ "format", "{\"enum\":[\"sse\",\"ndjson\"]}", "instead of what the Accept header asks for" },
	{ 0 },
};

static int
find_name(const char *word)
{
	for (int name = 0; name < EVENT_NAMES; name++) {
		if (strcmp(event_names[name], word) == 0)
			return name;
	}
	return -1;
}

/* Taken apart in place. */
static bool
add_names(struct event_wish *wish, char *words, struct reply *reply)
{
	const char *word, *meant;

	while ((word = strsep(&words, ",")) != NULL) {
		int name = find_name(word);

		if (name == NAME_UPDATE && wish->interval_ns == 0) {
			reply_problem(reply, PROBLEM_BAD_VALUE, "types", "For update, interval says how often.");
			return false;
		}
		if (name == -1) {
			meant = nearest(word, event_names);
			reply_problem(reply, PROBLEM_BAD_VALUE, "types", "No event is called \"%.80s\"%s%s%s", word,
			    meant == NULL ? "; there are open, connected, half_close, close, denied, listener, "
					    "upstream, drain and update."
					  : "; did you mean ",
			    meant == NULL ? "" : meant, meant == NULL ? "" : "?");
			return false;
		}
		wish->names |= 1u << name;
	}
	return true;
}

/* A selection means connections, so it leaves out all else that is not asked for by name. */
static bool
take_names(struct event_wish *wish, const char *value, struct reply *reply)
{
	char *copy;

	if (value == NULL) {
		wish->names = wish->selection.count == 0 ? ~0u : (1u << EVENT_TYPES) - 1;
		return true;
	}
	copy = strdup(value);
	if (copy == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return false;
	}
	bool fine = add_names(wish, copy, reply);
	free(copy);
	return fine;
}

static bool
take_interval(struct event_wish *wish, const char *value, struct reply *reply)
{
	if (value == NULL || (quantity_parse_duration(&wish->interval_ns, value) &&
				 wish->interval_ns >= INTERVAL_LEAST_NS && wish->interval_ns <= INTERVAL_MOST_NS))
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "interval",
	    "Expected a time with its unit, from 200ms to 1h, as 500ms, 1s or 5m.");
	return false;
}

static bool
take_fields(struct event_wish *wish, const struct request *request, struct reply *reply)
{
	const struct query *query = &request->query;

	wish->is_short = query_value(query, "view") == NULL && query_value(query, "fields") == NULL;
	return wish->is_short || shape_take_fields(&wish->shape, request, reply);
}

static bool
take_format(struct event_wish *wish, const struct request *request, struct reply *reply)
{
	static const char *const formats[] = { "sse", "ndjson", NULL };
	static const char *const types[] = { "text/event-stream", "application/x-ndjson", NULL };
	const char *value = query_value(&request->query, "format");
	int number = value == NULL ? accept_choose(request->accept, types) : 0;

	while (value != NULL && formats[number] != NULL && strcmp(formats[number], value) != 0)
		number++;
	wish->format = (enum event_format)number;
	if (number != -1 && types[number] != NULL)
		return true;
	if (value != NULL)
		reply_problem(reply, PROBLEM_BAD_VALUE, "format", "Expected sse or ndjson.");
	else
		reply_problem(reply, PROBLEM_NOT_ACCEPTABLE, NULL,
		    "The Accept header allows neither text/event-stream nor application/x-ndjson.");
	return false;
}

/* A browser that connects again asks for the same as before, and says in Last-Event-ID how far it came. */
static bool
take_place(struct event_wish *wish, const struct request *request, struct reply *reply)
{
	bool has_last = request->last_event_id != NULL && request->last_event_id[0] != '\0';
	const char *text = has_last ? request->last_event_id : query_value(&request->query, "since");
	const char *parameter = has_last ? "Last-Event-ID" : "since";
	struct cursor cursor;

	event_feed_begin(&wish->feed, request->track);
	if (text == NULL)
		return true;
	if (!cursor_parse(&cursor, text)) {
		reply_problem(reply, PROBLEM_BAD_VALUE, parameter, "Expected the cursor of an event or of a list.");
		return false;
	}
	switch (event_feed_resume(&wish->feed, request->track, &cursor)) {
	case FEED_RESUMED:
		return true;
	case FEED_GONE:
		reply_problem(reply, PROBLEM_CURSOR_GONE, parameter, "%s; list anew, and follow from there.",
		    cursor.boot != request->track->boot ? "It is from another start of the process"
							: "What came next is no longer known");
		return false;
	case FEED_NEVER:
		break;
	}
	reply_problem(reply, PROBLEM_BAD_VALUE, parameter, "No event and no list had this cursor.");
	return false;
}

static bool
take_wish(struct event_wish *wish, const struct request *request, struct reply *reply)
{
	const struct query *query = &request->query;

	return selection_take(&wish->selection, request, reply) &&
	       take_interval(wish, query_value(query, "interval"), reply) &&
	       take_names(wish, query_value(query, "types"), reply) && take_fields(wish, request, reply) &&
	       take_format(wish, request, reply) && take_place(wish, request, reply);
}

static bool
join(struct event_stream *stream, struct reply *reply)
{
	int error;

	if (event_stream_join(stream, &error))
		return true;
	if (error == 0) {
		reply_problem(reply, PROBLEM_TOO_MANY_FOLLOWERS, NULL, "Try again when others have left.");
		reply->retry_after_s = AGAIN_S;
	} else if (error == ECANCELED) {
		reply_problem(reply, PROBLEM_NOT_READY, NULL, "Stopping: nothing can be followed any more.");
	} else {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Cannot wake another follower: %s.", strerror(error));
	}
	return false;
}

void
route_events(const struct request *request, struct reply *reply)
{
	struct event_stream *stream = event_stream_new(request->followers);

	if (stream == NULL) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	struct event_wish *wish = event_stream_wish(stream);
	if (!take_wish(wish, request, reply) || !join(stream, reply)) {
		event_stream_free(stream);
		return;
	}
	reply_stream(reply, wish->format == EVENTS_SSE ? "text/event-stream" : "application/x-ndjson",
	    event_stream_fill, event_stream_free, stream);
	reply->follower = event_stream_follower(stream);
}
