/* SPDX-License-Identifier: MIT */
#include "api/event_cache.h"

#include <stdlib.h>
#include "export/record_json.h"

/* 512 followers whose answers are written by turns, some thirty events each, are at most so far apart. */
enum { PLACES = 1024, JSON_MAX = 2048, RECORD_LOOKS = 32, JSON_LOOKS = 256 };

struct place {
	int worker;
	bool filled, known, fits;
	uint64_t number;
	size_t length; /* 0: not written yet */
	union record_words words;
	char json[JSON_MAX];
};

struct event_cache {
	const struct track *track;
	uint64_t looks;
	struct place places[PLACES];
};

struct event_cache *
event_cache_new(const struct track *track)
{
	struct event_cache *cache = calloc(1, sizeof(*cache)); /* touched as it fills */

	if (cache != NULL)
		cache->track = track;
	return cache;
}

void
event_cache_free(struct event_cache *cache)
{
	free(cache);
}

uint64_t
event_cache_looks(const struct event_cache *cache)
{
	return cache->looks;
}

static bool
read_closed(const struct track *track, int worker, const struct event *end, union record_words *words)
{
	int ring = history_ring(worker, (enum record_kind)end->kind);

	return history_read(track->history, ring, end->history_number, words) == RING_READ &&
	       words->record.id == end->id;
}

static bool
is_end(const struct event *event)
{
	return event->type == EVENT_CLOSE || event->type == EVENT_DENIED;
}

/* A slot keeps the record of who had it last.  When another has it, this one's end lies ahead in the same
 * ring, and tells where in the history it is. */
static bool
find_record(struct event_cache *cache, const struct feed_item *item, union record_words *words)
{
	const struct track *track = cache->track;
	const struct event *event = &item->event;
	struct event end;
	uint32_t looks;

	cache->looks += RECORD_LOOKS;
	if (is_end(event) && read_closed(track, item->worker, event, words))
		return true;
	if (table_find(track->table, event->id, words) != TABLE_NEVER && words->record.id == event->id) {
		words->record.revision -= !words->record.live; /* to give its slot back was one more */
		return true;
	}
	if (is_end(event))
		return false;
	bool found = bus_find_end(track->bus, item->worker, item->number + 1, event->id, &end, &looks);
	cache->looks += looks;
	return found && read_closed(track, item->worker, &end, words);
}

static struct place *
find_place(struct event_cache *cache, const struct feed_item *item)
{
	uint64_t workers = (uint64_t)cache->track->settings->workers;
	struct place *place = &cache->places[(item->number * workers + (uint64_t)item->worker) % PLACES];

	if (place->filled && place->worker == item->worker && place->number == item->number)
		return place;
	place->filled = true;
	place->worker = item->worker;
	place->number = item->number;
	place->known = find_record(cache, item, &place->words);
	place->length = 0;
	return place;
}

const union record_words *
event_cache_record(struct event_cache *cache, const struct feed_item *item)
{
	const struct place *place = find_place(cache, item);

	return place->known ? &place->words : NULL;
}

const char *
event_cache_json(struct event_cache *cache, const struct feed_item *item, int64_t now_ns, size_t *length)
{
	struct place *place = find_place(cache, item);
	struct reading reading = { .track = cache->track, .record = &place->words.record, .now_ns = now_ns };
	struct text text;

	if (place->length == 0) {
		cache->looks += JSON_LOOKS;
		text_init(&text, place->json, sizeof(place->json));
		record_json_write(&text, &reading, VIEW_SHORT);
		place->length = text.length;
		place->fits = !text.truncated;
	}
	*length = place->length;
	return place->fits ? place->json : NULL;
}
