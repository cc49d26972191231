/* SPDX-License-Identifier: MIT */
#ifndef API_EVENT_FEED_H
#define API_EVENT_FEED_H

#include <stdbool.h>
#include <stdint.h>
#include "api/cursor.h"
#include "track/track.h"

/*
 * One follower's way through all that happens: a place in each worker's ring
 * of events, and one among the changes of what is no connection's.
 *
 *    worker 0   … 40 │ 41  42        what happened first of those ahead comes next;
 *    worker 1   …  7 │  8            of one worker all stands in order anyway
 *    changes    …  2 │  3
 *                    └─ the places, and as text the cursor
 *
 * It waits for nobody.  Overtaken by a worker, it leaves out a part of what is still there, so that
 * it is not overtaken again at once, and counts what it missed.
 */
struct event_feed {
	const struct track *track;
	uint64_t places[WORKERS_MAX];
	uint64_t change;
	uint64_t missed; /* since the last FEED_LOST */
};

/* From what happens next. */
void event_feed_begin(struct event_feed *feed, const struct track *track);

/* From a cursor on, which a list's head or an event had. */
enum feed_resume {
	FEED_RESUMED,
	FEED_GONE,  /* of another boot, or what came then is overwritten */
	FEED_NEVER, /* no such place was ever given */
};
enum feed_resume event_feed_resume(struct event_feed *feed, const struct track *track, const struct cursor *cursor);

/* Where it is. */
void event_feed_cursor(const struct event_feed *feed, struct text *text);

struct feed_item {
	int worker; /* -1: it is a change */
	uint64_t number;
	uint64_t before; /* the place where it was found */
	union {
		struct event event; /* with its number in the worker's ring */
		struct change change;
	};
};

enum feed_answer {
	FEED_ITEM,
	FEED_LOST,    /* `missed` says how many; what comes next is behind them */
	FEED_NOTHING, /* so far */
};
enum feed_answer event_feed_next(struct event_feed *feed, struct feed_item *item);

/* What came last comes once more. */
void event_feed_give_back(struct event_feed *feed, const struct feed_item *item);

/* What there is ahead, looked at once for many followers. */
struct feed_heads {
	uint64_t places[WORKERS_MAX];
	uint64_t change;
};
void event_feed_look(struct feed_heads *heads, const struct track *track);
bool event_feed_has_news(const struct event_feed *feed, const struct feed_heads *heads);

#endif
