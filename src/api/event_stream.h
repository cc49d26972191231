/* SPDX-License-Identifier: MIT */
#ifndef API_EVENT_STREAM_H
#define API_EVENT_STREAM_H

#include "api/followers.h"
#include "api/selection.h"
#include "api/shape.h"

/*
 * What one follower is told, as text: events as they happen, and with an
 * interval what has moved.
 *
 *   {"cursor":"…","type":"close","at":"…","conn":{…}}           a line of NDJSON
 *
 *   id: …                                                       the same as a server-sent event
 *   event: close
 *   data: {"cursor":"…","type":"close","at":"…","conn":{…}}
 *
 * In long silence there is a heartbeat, which for server-sent events tells the
 * place, too.  One that is overtaken is told how many events it missed, and
 * ended when that goes on.  All calls are of the API's thread.
 */
struct event_stream;

enum event_format { EVENTS_SSE, EVENTS_NDJSON };

/* Those of the bus first, by its numbers. */
enum event_name { NAME_LISTENER = EVENT_TYPES, NAME_UPSTREAM, NAME_DRAIN, NAME_LOST, NAME_UPDATE, EVENT_NAMES };
extern const char *const event_names[EVENT_NAMES + 1]; /* NULL behind the last */

enum { HEARTBEAT_S = 15, LOST_IN_A_ROW_MAX = 8 };

/* What is asked for. */
struct event_wish {
	enum event_format format;
	unsigned names;             /* a bit for each enum event_name */
	struct selection selection; /* of connections; finished with the stream */
	bool is_short;              /* the short view; else as `shape` says */
	struct shape shape;
	int64_t interval_ns; /* between updates; 0: none */
	struct event_feed feed;
};

/* Its wish is to be filled before it joins.  NULL: no memory. */
struct event_stream *event_stream_new(struct followers *followers);
struct event_wish *event_stream_wish(struct event_stream *stream);

/* As followers_join; then it may be filled. */
bool event_stream_join(struct event_stream *stream, int *error);
struct follower *event_stream_follower(struct event_stream *stream);

/* reply_fill_fn, reply_free_fn. */
size_t event_stream_fill(void *stream, char *bytes, size_t size);
void event_stream_free(void *stream);

#endif
