/* SPDX-License-Identifier: MIT */
#include "api/event_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "api/documents.h"
#include "api/reply.h"
#include "base/clock.h"
#include "export/json.h"
#include "export/record_json.h"

#define HEARTBEAT_NS (HEARTBEAT_S * NS_PER_S)
#define GONE_NS      NS_PER_S         /* how often one is tried whose client may be gone */
#define TURN_NS      (50 * NS_PER_MS) /* more than a worker's turn: what moved in it is in its record so much later */

enum {
	LOOKS = 65536,        /* in one call, in units of event_cache.h: some 0.3 ms, which others have to wait */
	FILTER_LOOKS = 64,    /* a run of a filter, in these units, and … */
	LOOK_NS = 5,          /* … one for each of these that it took: some take a millisecond */
	RECONNECT_MS = 1000,  /* what browsers are told */
	UPDATE_SLOTS = 4096,  /* of the table, looked at in one call */
	UPDATE_LOOKS = 16384, /* what that is, in units of LOOKS */
};

const char *const event_names[EVENT_NAMES + 1] = {
	[EVENT_OPEN] = "open",
	[EVENT_CONNECTED] = "connected",
	[EVENT_HALF_CLOSE] = "half_close",
	[EVENT_CLOSE] = "close",
	[EVENT_DENIED] = "denied",
	[NAME_LISTENER] = "listener",
	[NAME_UPSTREAM] = "upstream",
	[NAME_DRAIN] = "drain",
	[NAME_LOST] = "lost",
	[NAME_UPDATE] = "update",
};

struct event_stream {
	struct follower follower; /* first: the waker's call-back gets it */
	struct followers *followers;
	bool has_joined;
	struct event_wish wish;
	struct reading reading;

	bool begun, ended;
	int lost_in_a_row;
	uint64_t unknown;   /* events whose records were gone, not told as missed so far */
	int64_t written_ns; /* when it was last told something */

	int64_t tick_ns; /* the next round of updates */
	bool updating, updated_last;
	int64_t round_ns, moved_since_ns, round_us; /* of the round under way, or the last one */
	struct table_cursor slot;

	int64_t now_ns; /* of this call */
	uint64_t looks;
	struct text text; /* in `room`: what was written and not yet taken */
	size_t taken;
	char room[RECORD_JSON_MAX + 4 * CURSOR_TEXT_MAX];
};

static bool
wants(const struct event_stream *stream, int name)
{
	return stream->wish.names >> name & 1;
}

/* Writing. */

static void
begin_text(struct event_stream *stream)
{
	text_init(&stream->text, stream->room, sizeof(stream->room));
	stream->taken = 0;
	stream->written_ns = stream->now_ns;
}

static void
begin_event(struct event_stream *stream, int name, int64_t at_us)
{
	struct text *text = &stream->text, place;
	char cursor[CURSOR_TEXT_MAX], at[CLOCK_TEXT_MAX];

	text_init(&place, cursor, sizeof(cursor));
	event_feed_cursor(&stream->wish.feed, &place);
	begin_text(stream);
	if (stream->wish.format == EVENTS_SSE) {
		text_add(text, "id: ");
		text_add_bytes(text, cursor, place.length);
		text_add(text, "\nevent: ");
		text_add(text, event_names[name]);
		text_add(text, "\ndata: ");
	}
	text_add(text, "{\"cursor\":\"");
	text_add_bytes(text, cursor, place.length);
	text_add(text, "\",\"type\":\"");
	text_add(text, event_names[name]);
	text_add(text, "\",\"at\":\"");
	text_add(text, clock_format(at_us, at, sizeof(at)));
	text_add_char(text, '"');
}

static void
end_event(struct event_stream *stream)
{
	text_add(&stream->text, stream->wish.format == EVENTS_SSE ? "}\n\n" : "}\n");
	assert(!stream->text.truncated);
}

/* A place alone moves a browser's, and is told to nobody. */
static void
write_place(struct event_stream *stream)
{
	text_add(&stream->text, "id: ");
	event_feed_cursor(&stream->wish.feed, &stream->text);
	text_add(&stream->text, "\n\n");
}

static void
write_greeting(struct event_stream *stream)
{
	begin_text(stream);
	stream->begun = true;
	if (stream->wish.format == EVENTS_NDJSON) {
		text_add_char(&stream->text, '\n');
		return;
	}
	text_addf(&stream->text, ": sockproxy\nretry: %d\n", RECONNECT_MS);
	write_place(stream);
}

static void
write_heartbeat(struct event_stream *stream)
{
	begin_text(stream);
	if (stream->wish.format == EVENTS_NDJSON) {
		text_add_char(&stream->text, '\n');
		return;
	}
	text_add(&stream->text, ": hb\n");
	write_place(stream);
}

static void
write_lost(struct event_stream *stream)
{
	struct event_feed *feed = &stream->wish.feed;

	begin_event(stream, NAME_LOST, clock_wall_us());
	text_add(&stream->text, ",\"missed\":");
	text_add_u64(&stream->text, feed->missed + stream->unknown);
	end_event(stream);
	followers_totals(stream->followers)->missed += feed->missed + stream->unknown;
	feed->missed = stream->unknown = 0;
}

/* Whoever goes on from the cursor of the item must know of what was lost before it. */
static void
tell_unknown_before(struct event_stream *stream, const struct feed_item *item)
{
	event_feed_give_back(&stream->wish.feed, item);
	write_lost(stream);
}

static bool
matches(struct event_stream *stream, const struct record *record)
{
	const struct selection *selection = &stream->wish.selection;
	int64_t begun = selection->count == 0 ? 0 : clock_now();

	stream->reading.record = record;
	stream->reading.now_ns = stream->now_ns;
	bool answer = selection_matches(selection, &stream->reading);
	if (selection->count > 0)
		stream->looks += FILTER_LOOKS + (uint64_t)(clock_now() - begun) / LOOK_NS;
	return answer;
}

/* `item` NULL: it is not about an event of its own, and its record is written anew. */
static void
write_conn(struct event_stream *stream, const struct record *record, const struct feed_item *item)
{
	struct event_cache *cache = followers_cache(stream->followers);
	size_t length;
	const char *json = NULL;

	text_add(&stream->text, ",\"conn\":");
	if (item != NULL && stream->wish.is_short)
		json = event_cache_json(cache, item, stream->now_ns, &length);
	if (json != NULL) {
		text_add_bytes(&stream->text, json, length);
		return;
	}
	stream->reading.record = record;
	stream->reading.now_ns = stream->now_ns;
	if (stream->wish.is_short)
		record_json_write(&stream->text, &stream->reading, VIEW_SHORT);
	else
		shape_write(&stream->wish.shape, &stream->text, &stream->reading);
}

static void
write_document(struct event_stream *stream, const char *key, json_t *document)
{
	size_t length;
	char *line = json_line(document, &length);

	text_addf(&stream->text, ",\"%s\":", key);
	if (line != NULL)
		text_add_bytes(&stream->text, line, length - 1);
	else
		text_add(&stream->text, "null");
	free(line);
}

/* Each writes at most one event.  False: there was nothing to write. */

static bool
write_change(struct event_stream *stream, const struct feed_item *item)
{
	const struct change *change = &item->change;
	static const int names[] = {
		[CHANGE_LISTENER] = NAME_LISTENER,
		[CHANGE_DRAINING] = NAME_DRAIN,
		[CHANGE_TARGET] = NAME_UPSTREAM,
	};
	const struct track *track = stream->reading.track;
	int name = names[change->kind];

	if (!wants(stream, name))
		return false;
	if (stream->unknown > 0) {
		tell_unknown_before(stream, item);
		return true;
	}
	begin_event(stream, name, change->at_us);
	switch (change->kind) {
	case CHANGE_LISTENER:
		write_document(stream, "listener", document_of_listener(track, change->number));
		break;
	case CHANGE_DRAINING:
		write_document(stream, "drain", document_of_drain(track));
		break;
	case CHANGE_TARGET:
		write_document(stream, "upstream", document_of_target(track, change->number, change->target));
		break;
	}
	end_event(stream);
	return true;
}

/* An event whose record is gone is as good as missed.  That is told when there is nothing else to tell: it
 * comes of a storm, as a port scan makes one, and not of a slow follower. */
static bool
write_event(struct event_stream *stream, const struct feed_item *item)
{
	struct event_cache *cache = followers_cache(stream->followers);
	uint64_t before = event_cache_looks(cache);
	const union record_words *words = NULL;

	stream->looks++;
	if (!wants(stream, item->event.type))
		return false;
	words = event_cache_record(cache, item);
	if (words == NULL)
		stream->unknown++;
	bool told = words != NULL && matches(stream, &words->record);
	if (told && stream->unknown > 0) {
		tell_unknown_before(stream, item);
	} else if (told) {
		begin_event(stream, item->event.type, item->event.at_us);
		write_conn(stream, &words->record, item);
		end_event(stream);
	}
	stream->looks += event_cache_looks(cache) - before;
	return told;
}

static bool
write_update(struct event_stream *stream)
{
	uint32_t slots = UPDATE_SLOTS;
	union record_words words;

	while (table_next_moved(stream->reading.track->table, &stream->slot, stream->moved_since_ns, &slots, &words)) {
		if (!matches(stream, &words.record)) {
			if (stream->looks >= LOOKS) /* the rest of the round comes in another call */
				return false;
			continue;
		}
		begin_event(stream, NAME_UPDATE, stream->round_us);
		write_conn(stream, &words.record, NULL);
		end_event(stream);
		return true;
	}
	stream->updating = slots == 0;
	stream->looks += UPDATE_LOOKS;
	return false;
}

static void
begin_round(struct event_stream *stream)
{
	stream->moved_since_ns = stream->round_ns - TURN_NS;
	stream->round_ns = stream->now_ns;
	stream->round_us = clock_wall_us();
	stream->slot = (struct table_cursor){ 0 };
	stream->updating = true;
	stream->tick_ns += stream->wish.interval_ns;
	if (stream->tick_ns <= stream->now_ns) /* rounds that nobody read are left out */
		stream->tick_ns = stream->now_ns + stream->wish.interval_ns;
}

/* Events and updates by turns, or one of them would keep the other waiting. */
static bool
write_updates(struct event_stream *stream)
{
	if (stream->wish.interval_ns > 0 && !stream->updating && stream->now_ns >= stream->tick_ns)
		begin_round(stream);
	stream->updated_last = stream->updating && !stream->updated_last;
	return stream->updated_last && write_update(stream);
}

enum step { STEP_WROTE, STEP_LOOKED, STEP_NOTHING };

static enum step
write_events(struct event_stream *stream)
{
	struct feed_item item;

	switch (event_feed_next(&stream->wish.feed, &item)) {
	case FEED_ITEM:
		if (item.worker == -1)
			return write_change(stream, &item) ? STEP_WROTE : STEP_LOOKED;
		return write_event(stream, &item) ? STEP_WROTE : STEP_LOOKED;
	case FEED_LOST:
		write_lost(stream);
		stream->ended = ++stream->lost_in_a_row == LOST_IN_A_ROW_MAX;
		followers_totals(stream->followers)->cut += stream->ended;
		return STEP_WROTE;
	case FEED_NOTHING:
		break;
	}
	stream->lost_in_a_row = 0;
	if (stream->unknown > 0) {
		write_lost(stream);
		return STEP_WROTE;
	}
	return stream->updating ? STEP_LOOKED : STEP_NOTHING;
}

static bool
is_heartbeat_due(const struct event_stream *stream, int64_t now_ns)
{
	int64_t patience = atomic_load(&stream->follower.gone) ? GONE_NS : HEARTBEAT_NS;

	return now_ns - stream->written_ns >= patience;
}

static enum step
write_something(struct event_stream *stream)
{
	if (!stream->begun) {
		write_greeting(stream);
		return STEP_WROTE;
	}
	if (write_updates(stream))
		return STEP_WROTE;
	enum step step = write_events(stream);
	if (step != STEP_NOTHING || !is_heartbeat_due(stream, stream->now_ns))
		return step;
	write_heartbeat(stream);
	return STEP_WROTE;
}

size_t
event_stream_fill(void *source, char *bytes, size_t size)
{
	struct event_stream *stream = source;
	enum step step = STEP_WROTE;
	size_t filled = 0;

	stream->now_ns = clock_now();
	for (stream->looks = 0; filled < size;) {
		size_t ready = stream->text.length - stream->taken,
		       part = ready < size - filled ? ready : size - filled;

		memcpy(bytes + filled, stream->room + stream->taken, part);
		stream->taken += part;
		filled += part;
		if (part < ready || stream->ended || step == STEP_NOTHING || stream->looks >= LOOKS)
			break;
		step = write_something(stream);
	}
	if (filled > 0)
		stream->written_ns = stream->now_ns;
	else if (!stream->ended)
		return step == STEP_NOTHING ? REPLY_SLEEPS : REPLY_YIELDS;
	return filled;
}

static bool
is_due(const struct follower *follower, const struct follower_news *news)
{
	const struct event_stream *stream = (const struct event_stream *)follower;

	return event_feed_has_news(&stream->wish.feed, &news->heads) || is_heartbeat_due(stream, news->now_ns) ||
	       (stream->wish.interval_ns > 0 && news->now_ns >= stream->tick_ns);
}

struct event_stream *
event_stream_new(struct followers *followers)
{
	struct event_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	stream->followers = followers;
	stream->follower.is_due = is_due;
	return stream;
}

struct event_wish *
event_stream_wish(struct event_stream *stream)
{
	return &stream->wish;
}

bool
event_stream_join(struct event_stream *stream, int *error)
{
	stream->reading.track = stream->wish.feed.track;
	stream->written_ns = clock_now();
	stream->round_ns = stream->written_ns;
	stream->tick_ns = stream->round_ns + stream->wish.interval_ns;
	stream->has_joined = followers_join(stream->followers, &stream->follower, error);
	return stream->has_joined;
}

struct follower *
event_stream_follower(struct event_stream *stream)
{
	return &stream->follower;
}

void
event_stream_free(void *source)
{
	struct event_stream *stream = source;

	if (stream->has_joined)
		followers_leave(stream->followers, &stream->follower);
	selection_fini(&stream->wish.selection);
	free(stream);
}
