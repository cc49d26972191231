/* SPDX-License-Identifier: MIT */
#include "api/conns_list.h"

#include <stdlib.h>
#include <string.h>
#include "api/event_feed.h"
#include "base/clock.h"
#include "export/record_json.h"

enum stage { STAGE_SORT, STAGE_RECORDS, STAGE_COUNT, STAGE_TAIL, STAGE_END };

struct conns_list {
	struct list_order order;
	struct reading reading;
	enum stage stage;
	struct conns_walk walk, count;
	struct top *top; /* of a sorted list, and … */
	uint32_t kept;   /* … how many it has */
	uint32_t shown;
	bool more;   /* the limit ended the list … */
	bool paged;  /* … and `next` is where it goes on */
	bool waited; /* what stands for waiting was written behind the last line */
	struct cursor next;
	uint64_t matched;
	struct text text; /* in `room`: what was written and not yet taken */
	size_t taken;
	char room[RECORD_JSON_MAX + 2 * CURSOR_TEXT_MAX];
};

_Static_assert((int)RECORD_TABLE_LINE_MAX <= (int)RECORD_JSON_MAX, "a line fits, too");

struct conns_list *
conns_list_new(const struct track *track)
{
	struct conns_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return NULL;
	list->reading.track = track;
	text_init(&list->text, list->room, sizeof(list->room));
	return list;
}

void
conns_list_free(void *source)
{
	struct conns_list *list = source;

	conns_walk_fini(&list->walk); /* `count` keeps nothing */
	top_free(list->top);
	selection_fini(&list->order.selection);
	free(list);
}

struct list_order *
conns_list_order(struct conns_list *list)
{
	return &list->order;
}

/* Its cursor is where /events can go on without a hole, so it comes before any look at a record. */
static void
write_envelope(struct conns_list *list)
{
	const struct track *track = list->reading.track;
	struct event_feed feed;
	struct text *text = &list->text;
	char now[CLOCK_TEXT_MAX];

	event_feed_begin(&feed, track);
	text_addf(text, "{\"schema_version\":1,\"time\":\"%s\",\"cursor\":\"",
	    clock_format(clock_wall_us(), now, sizeof(now)));
	event_feed_cursor(&feed, text);
	text_add(text, "\",\"conns\":[");
}

static void
write_head(struct conns_list *list)
{
	switch (list->order.shape.format) {
	case SHAPE_JSON:
		write_envelope(list);
		break;
	case SHAPE_NDJSON:
		break;
	case SHAPE_TABLE:
		record_table_write_heading(&list->text, &list->order.shape.table);
		break;
	}
}

/* A line ends when the next one begins, so that waiting can be told by blanks that nobody sees. */
static void
write_record(struct conns_list *list, const struct record *record)
{
	enum shape_format format = list->order.shape.format;

	if (list->shown > 0 || format != SHAPE_NDJSON)
		text_add(&list->text, format == SHAPE_JSON && list->shown > 0 ? ",\n" : "\n");
	list->shown++;
	list->waited = false;
	list->reading.record = record;
	shape_write(&list->order.shape, &list->text, &list->reading);
}

/* When all were shown, their number is known; else they are counted in a walk of their own. */
static void
end_records(struct conns_list *list, bool more)
{
	bool all_shown = !more && !list->order.continues;

	list->more = list->paged = more;
	list->matched = all_shown ? list->shown : 0;
	list->stage = STAGE_TAIL;
	if (!list->order.count || all_shown)
		return;
	list->stage = STAGE_COUNT;
	conns_walk_init(&list->count, list->reading.track, &list->order.selection, 0);
}

static bool
write_next_record(struct conns_list *list)
{
	union record_words copy;

	switch (conns_walk_next(&list->walk, &copy)) {
	case WALK_BUSY:
		return false;
	case WALK_OVER:
		end_records(list, false);
		return true;
	case WALK_FOUND:
		break;
	}
	if (list->shown == list->order.limit) {
		conns_walk_place(&list->walk, &copy, &list->next);
		end_records(list, true);
		return true;
	}
	list->reading.now_ns = clock_now();
	write_record(list, &copy.record);
	return true;
}

static bool
count_on(struct conns_list *list)
{
	union record_words copy;

	for (;;) {
		switch (conns_walk_next(&list->count, &copy)) {
		case WALK_FOUND:
			list->matched++;
			break;
		case WALK_BUSY:
			return false;
		case WALK_OVER:
			list->stage = STAGE_TAIL;
			return true;
		}
	}
}

/* All are compared as they are at one moment, the list's own. */
static bool
sort_on(struct conns_list *list)
{
	union record_words copy;

	for (;;) {
		switch (conns_walk_next(&list->walk, &copy)) {
		case WALK_FOUND:
			list->matched++;
			list->reading.record = &copy.record;
			top_offer(list->top, &list->reading);
			break;
		case WALK_BUSY:
			return false;
		case WALK_OVER:
			list->kept = top_sort(list->top);
			list->stage = STAGE_RECORDS;
			return true;
		}
	}
}

static void
write_next_sorted(struct conns_list *list)
{
	if (list->shown < list->kept) {
		write_record(list, top_at(list->top, list->shown));
		return;
	}
	list->more = list->matched > list->kept;
	list->stage = STAGE_TAIL;
}

static void
write_next_place(struct conns_list *list)
{
	if (list->paged) {
		text_add_char(&list->text, '"');
		cursor_format(&list->next, &list->text);
		text_add_char(&list->text, '"');
	} else {
		text_add(&list->text, "null");
	}
}

static void
write_number(struct conns_list *list, bool known, uint64_t number)
{
	if (known)
		text_add_u64(&list->text, number);
	else
		text_add(&list->text, "null");
}

static void
write_facts(struct conns_list *list)
{
	text_add(&list->text, "\"next\":");
	write_next_place(list);
	text_add(&list->text, ",\"matched\":");
	write_number(list, list->order.count, list->matched);
	text_add(&list->text, ",\"overwritten\":");
	write_number(list, list->order.selection.closed, list->walk.overwritten);
	text_add(&list->text, "}\n");
}

static bool
has_more_to_tell(const struct conns_list *list)
{
	return list->paged || list->order.count || list->walk.overwritten > 0;
}

/* For people: what they would not see by themselves. */
static void
write_notes(struct conns_list *list)
{
	struct text *text = &list->text;

	text_add_char(text, '\n');
	if (has_more_to_tell(list) || list->more)
		text_add_char(text, '\n');
	if (list->order.count)
		text_addf(text, "%u of %llu\n", list->shown, (unsigned long long)list->matched);
	else if (list->more && !list->paged)
		text_addf(text, "the first %u of more\n", list->shown);
	if (list->walk.overwritten > 0)
		text_addf(text, "%llu more had left the history\n", (unsigned long long)list->walk.overwritten);
	if (list->paged) {
		text_add(text, "more with after=");
		cursor_format(&list->next, text);
		text_add_char(text, '\n');
	}
}

static void
write_tail(struct conns_list *list)
{
	struct text *text = &list->text;

	list->stage = STAGE_END;
	switch (list->order.shape.format) {
	case SHAPE_JSON:
		text_add(text, list->shown == 0 ? "]," : "\n],");
		write_facts(list);
		break;
	case SHAPE_NDJSON:
		if (list->shown > 0)
			text_add_char(text, '\n');
		/* Blanks that no record followed would be a line that is none. */
		if (has_more_to_tell(list) || (list->shown == 0 && list->waited)) {
			text_add_char(text, '{');
			write_facts(list);
		}
		break;
	case SHAPE_TABLE:
		write_notes(list);
		break;
	}
}

/* False: enough for this turn. */
static bool
write_some(struct conns_list *list)
{
	text_init(&list->text, list->room, sizeof(list->room));
	list->taken = 0;
	switch (list->stage) {
	case STAGE_SORT:
		return sort_on(list);
	case STAGE_RECORDS:
		if (list->top == NULL)
			return write_next_record(list);
		write_next_sorted(list);
		return true;
	case STAGE_COUNT:
		return count_on(list);
	case STAGE_TAIL:
		write_tail(list);
		return true;
	case STAGE_END:
		break;
	}
	return true;
}

static void
begin_turn(struct conns_list *list)
{
	conns_walk_begin_turn(list->stage == STAGE_COUNT ? &list->count : &list->walk);
}

static size_t
fill(void *source, char *bytes, size_t size)
{
	struct conns_list *list = source;
	size_t filled = 0;

	begin_turn(list);
	while (filled < size) {
		size_t ready = list->text.length - list->taken;

		if (ready > 0) {
			size_t part = ready < size - filled ? ready : size - filled;

			memcpy(bytes + filled, list->room + list->taken, part);
			list->taken += part;
			filled += part;
		} else if (list->stage == STAGE_END) {
			break;
		} else if (!write_some(list)) {
			/* Nothing was found for long, and others wait.  A blank is nowhere seen. */
			if (filled == 0) {
				bytes[filled++] = ' ';
				list->waited = true;
			}
			break;
		}
	}
	return filled;
}

static int
begin_walk(struct conns_list *list, struct reply *reply)
{
	const struct list_order *order = &list->order;
	bool room = true;

	if (order->sorts) {
		list->stage = STAGE_SORT;
		list->top = top_new(&order->by, order->limit, &room);
	} else {
		list->stage = STAGE_RECORDS;
	}
	if (!room) {
		reply_problem(reply, PROBLEM_BUSY, NULL,
		    "Other sorted lists take all the memory that there is for them; ask again, or with a smaller "
		    "limit.");
		reply->retry_after_s = 1;
		return -1;
	}
	/* A sorted list notices itself what is found twice. */
	if ((order->sorts && list->top == NULL) || conns_walk_init(&list->walk, list->reading.track, &order->selection,
						       order->sorts ? 0 : order->limit) != 0) {
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again with a smaller limit.");
		return -1;
	}
	if (order->continues && !conns_walk_resume(&list->walk, &order->after)) {
		reply_problem(
		    reply, PROBLEM_BAD_VALUE, "after", "Expected what `next` said in an answer for this state.");
		return -1;
	}
	return 0;
}

void
conns_list_begin(struct conns_list *list, struct reply *reply)
{
	list->reading.now_ns = clock_now();
	write_head(list);
	if (begin_walk(list, reply) == 0)
		reply_stream(reply, shape_type(&list->order.shape), fill, conns_list_free, list);
	else
		conns_list_free(list);
}
