/* SPDX-License-Identifier: MIT */
#include "api/event_feed.h"

enum { LEFT_OUT = BUS_CAPACITY / 4 }; /* of those still there, by a follower that was overtaken */

void
event_feed_look(struct feed_heads *heads, const struct track *track)
{
	heads->change = changes_look(track->changes);
	for (int i = 0; i < track->settings->workers; i++)
		heads->places[i] = bus_head(track->bus, i);
}

bool
event_feed_has_news(const struct event_feed *feed, const struct feed_heads *heads)
{
	for (int i = 0; i < feed->track->settings->workers; i++) {
		if (heads->places[i] != feed->places[i])
			return true;
	}
	return heads->change != feed->change;
}

void
event_feed_begin(struct event_feed *feed, const struct track *track)
{
	*feed = (struct event_feed){ .track = track, .change = changes_look(track->changes) };
	for (int i = 0; i < track->settings->workers; i++)
		feed->places[i] = bus_head(track->bus, i);
}

enum feed_resume
event_feed_resume(struct event_feed *feed, const struct track *track, const struct cursor *cursor)
{
	int workers = track->settings->workers;
	enum feed_resume answer = FEED_RESUMED;

	event_feed_begin(feed, track);
	if (cursor->kind != CURSOR_EVENTS)
		return FEED_NEVER;
	if (cursor->boot != track->boot)
		return FEED_GONE;
	if (cursor->count != workers + 1 || cursor->numbers[workers] > feed->change)
		return FEED_NEVER;
	feed->change = cursor->numbers[workers];
	for (int i = 0; i < workers; i++) {
		if (cursor->numbers[i] > feed->places[i])
			return FEED_NEVER;
		if (cursor->numbers[i] < bus_oldest(track->bus, i))
			answer = FEED_GONE;
		feed->places[i] = cursor->numbers[i];
	}
	return answer;
}

void
event_feed_cursor(const struct event_feed *feed, struct text *text)
{
	int workers = feed->track->settings->workers;
	struct cursor cursor;

	cursor.kind = CURSOR_EVENTS;
	cursor.boot = feed->track->boot;
	cursor.count = workers + 1;
	for (int i = 0; i < workers; i++)
		cursor.numbers[i] = feed->places[i];
	cursor.numbers[workers] = feed->change;
	cursor_format(&cursor, text);
}

/* What its worker published next, if it did. */
static bool
look_ahead(struct event_feed *feed, int worker, struct event *event)
{
	const struct bus *bus = feed->track->bus;
	uint64_t *place = &feed->places[worker];

	for (;;) {
		enum ring_answer answer = bus_read(bus, worker, *place, event);

		if (answer == RING_READ)
			return true;
		if (answer == RING_NOT_YET)
			return false;
		uint64_t resume = bus_oldest(bus, worker) + LEFT_OUT, head = bus_head(bus, worker);
		resume = resume < head ? resume : head;
		if (resume <= *place) /* overwritten while it was read */
			resume = *place + 1;
		feed->missed += resume - *place;
		*place = resume;
	}
}

static void
take_earlier(struct feed_item *item, int64_t *first_us, int worker, const struct event *event)
{
	if (event->at_us >= *first_us)
		return;
	*first_us = event->at_us;
	item->worker = worker;
	item->event = *event;
}

enum feed_answer
event_feed_next(struct event_feed *feed, struct feed_item *item)
{
	const struct track *track = feed->track;
	int64_t first_us = INT64_MAX;
	struct event event;
	struct change change;

	for (int i = 0; i < track->settings->workers; i++) {
		if (look_ahead(feed, i, &event))
			take_earlier(item, &first_us, i, &event);
	}
	if (feed->missed > 0)
		return FEED_LOST;
	if (changes_next(track->changes, feed->change, &change) && change.at_us <= first_us) {
		item->worker = -1;
		item->number = change.place;
		item->change = change;
		item->before = feed->change;
		feed->change = change.place;
		return FEED_ITEM;
	}
	if (first_us == INT64_MAX)
		return FEED_NOTHING;
	item->number = item->before = feed->places[item->worker]++;
	return FEED_ITEM;
}

void
event_feed_give_back(struct event_feed *feed, const struct feed_item *item)
{
	if (item->worker == -1)
		feed->change = item->before;
	else
		feed->places[item->worker] = item->before;
}
