/* SPDX-License-Identifier: MIT */
#ifndef API_EVENT_CACHE_H
#define API_EVENT_CACHE_H

#include <stddef.h>
#include "api/event_feed.h"

/*
 * The records that the latest events are about, and how they are written.
 *
 * Followers are told of the same events at about the same time.  The first of
 * them looks for the record and writes its short view; the others find it here.
 * Each has one place among few, where it drives out an older one.  For one thread.
 */
struct event_cache;

struct event_cache *event_cache_new(const struct track *track); /* NULL: no memory */
void event_cache_free(struct event_cache *cache);

/* The record, as of a moment between the event and now; NULL: none is left.  It lives until another event is asked for. */
const union record_words *event_cache_record(struct event_cache *cache, const struct feed_item *item);

/* Its short view, of an event that has a record.  NULL: too long to be kept, and to be written anew. */
const char *event_cache_json(struct event_cache *cache, const struct feed_item *item, int64_t now_ns, size_t *length);

/* How much was looked at for that so far, in units of one event (some nanoseconds). */
uint64_t event_cache_looks(const struct event_cache *cache);

#endif
