/* SPDX-License-Identifier: MIT */
#ifndef API_FOLLOWERS_H
#define API_FOLLOWERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "api/event_cache.h"

/*
 * All who follow, and the thread that wakes them.
 *
 * One that has nothing to tell sleeps: its answer is set aside until it is
 * woken.  Ten times a second the thread looks at what there is to tell, and at
 * the time.  It looks at heads of rings, so neither those who publish nor the
 * API's own thread have anything to do with it; without followers it does not look.
 *
 *                    ┌── follower_sleeps ──┐
 *      API thread: awake                asleep :this thread
 *                    └─────── wake ────────┘
 *
 * Each follower belongs to one of the two threads, and goes to the other whole.
 */
struct followers;
struct follower;

enum { FOLLOWERS_MAX = 500 };

/* While it sleeps: has it anything to do? */
struct follower_news {
	int64_t now_ns;
	struct feed_heads heads;
};
typedef bool follower_due_fn(const struct follower *follower, const struct follower_news *news);

/* Embedded by whoever follows. */
struct follower {
	follower_due_fn *is_due;
	atomic_bool gone; /* its client has finished, and maybe is there no more: only a write tells */

	/* Of the module's own. */
	void *connection;
	int fd;
	TAILQ_ENTRY(follower) link;
	atomic_bool asleep;
};

/* Takes an answer that was set aside up again. */
typedef void follower_wake_fn(void *connection);

/* At most `most` at once.  NULL: no memory.  `track` must outlive it. */
struct followers *followers_new(const struct track *track, int most, follower_wake_fn *wake);

/* None is asleep any more and none will be: each is to end, and has a moment for it.  From here on
 * followers_closing is true. */
void followers_close(struct followers *followers);
bool followers_closing(const struct followers *followers);

/* After all have left. */
void followers_free(struct followers *followers);

/* What follows is the API thread's. */

/* False: there are too many, or *error is the errno that keeps us from having another. */
bool followers_join(struct followers *followers, struct follower *follower, int *error);
void followers_leave(struct followers *followers, struct follower *follower);

/* What its answer is, for follower_wake_fn, and the socket of its client, which stays open until it has left. */
void follower_answers(struct followers *followers, struct follower *follower, void *connection, int fd);

/* Its answer was set aside just now.  False: take it up again, for all shall end. */
bool follower_sleeps(struct followers *followers, struct follower *follower);

/* NULL: nobody has joined. */
struct event_cache *followers_cache(const struct followers *followers);

/* What /stats tells. */
struct followers_totals {
	int now;
	uint64_t refused; /* they were too many */
	uint64_t cut;     /* they took too long */
	uint64_t missed;  /* events, over all of them */
};
struct followers_totals *followers_totals(struct followers *followers);

#endif
