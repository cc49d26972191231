/* SPDX-License-Identifier: MIT */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include "net/timer.h"

/*
 * The events of one thread: descriptors (epoll), timers, and tasks that go on
 * without waiting for either.
 *
 *   turn:  epoll_wait ─► timers due ─► descriptors ─► tasks ready before this turn ─► after_turn
 *
 * All calls are the owning thread's, and so are all call-backs.
 */
struct loop;

/* One descriptor watched.  The owner embeds it; fd is -1 while not watched. */
struct loop_watch;
typedef void loop_watch_fn(struct loop_watch *watch, uint32_t events);
struct loop_watch {
	loop_watch_fn *on_events;
	int fd;
};

/* Something to go on with in the next turn.  The owner embeds it. */
struct loop_task;
typedef void loop_task_fn(struct loop_task *task);
struct loop_task {
	TAILQ_ENTRY(loop_task) link;
	loop_task_fn *run;
	bool ready; /* on the list */
};

/* NULL: errno says why. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Runs turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* One turn, waiting no longer than timeout_ms (-1: as long as it takes). */
void loop_turn(struct loop *loop, int timeout_ms);

/* clock_now as it was read once in this turn; and how many turns there were. */
int64_t loop_now(const struct loop *loop);
uint64_t loop_turns(const struct loop *loop);

struct timers *loop_timers(struct loop *loop);

/* events as for epoll_ctl(2).  0 or -errno. */
int loop_watch(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events, loop_watch_fn *on_events);
int loop_rewatch(struct loop *loop, struct loop_watch *watch, uint32_t events);

/* Forgets the descriptor, which the caller then closes.  Events that were already
 * collected for it are not delivered, even if the watch gets another one at once. */
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* The same where the caller closes a descriptor that has no duplicate: the kernel forgets it by that (epoll(7)). */
void loop_forget(struct loop *loop, struct loop_watch *watch);

void loop_ready(struct loop *loop, struct loop_task *task);
void loop_unready(struct loop *loop, struct loop_task *task);

/* Called at the end of every turn. */
void loop_after_turn(struct loop *loop, void (*fn)(void *), void *argument);

#endif
