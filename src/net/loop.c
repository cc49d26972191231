/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/bare_call.h"

enum { EVENTS_MAX = 256 }; /* of one turn */

struct loop {
	int epoll_fd;
	bool stopped;
	int64_t now;
	uint64_t turns;
	struct timers *timers;
	TAILQ_HEAD(, loop_task) tasks;
	struct loop_task mark; /* among the tasks during a turn: those behind it are the next turn's */
	void (*after_turn)(void *);
	void *argument;

	/* Collected in this turn; events[next ..] are still to be delivered. */
	int next, count;
	struct epoll_event events[EVENTS_MAX];
};

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->now = clock_now();
	loop->timers = timers_new(loop->now);
	TAILQ_INIT(&loop->tasks);
	if (loop->epoll_fd == -1 || loop->timers == NULL) {
		int error = loop->timers == NULL ? ENOMEM : errno;

		loop_free(loop);
		errno = error;
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->epoll_fd != -1)
		close(loop->epoll_fd);
	timers_free(loop->timers);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	while (!loop->stopped)
		loop_turn(loop, -1);
	loop->stopped = false;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

/* The shorter of two waits, of which -1 is the longest. */
static int
shorter(int a, int b)
{
	return (unsigned int)a < (unsigned int)b ? a : b;
}

static void
collect(struct loop *loop, int timeout_ms)
{
	int wait = TAILQ_EMPTY(&loop->tasks) ? shorter(timeout_ms, timers_wait_ms(loop->timers, loop->now)) : 0;
	int count = bare_epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, wait);

	assert(count != -1 || errno == EINTR);
	loop->next = 0;
	loop->count = count == -1 ? 0 : count;
	loop->now = clock_now();
	loop->turns++;
}

static void
deliver(struct loop *loop)
{
	while (loop->next < loop->count) {
		struct epoll_event *event = &loop->events[loop->next++];
		struct loop_watch *watch = event->data.ptr;

		if (watch != NULL)
			watch->on_events(watch, event->events);
	}
}

void
loop_turn(struct loop *loop, int timeout_ms)
{
	struct loop_task *task;

	collect(loop, timeout_ms);
	TAILQ_INSERT_TAIL(&loop->tasks, &loop->mark, link);
	timers_run(loop->timers, loop->now);
	deliver(loop);
	while ((task = TAILQ_FIRST(&loop->tasks)) != &loop->mark) {
		loop_unready(loop, task);
		task->run(task);
	}
	TAILQ_REMOVE(&loop->tasks, &loop->mark, link);
	if (loop->after_turn != NULL)
		loop->after_turn(loop->argument);
}

int64_t
loop_now(const struct loop *loop)
{
	return loop->now;
}

uint64_t
loop_turns(const struct loop *loop)
{
	return loop->turns;
}

struct timers *
loop_timers(struct loop *loop)
{
	return loop->timers;
}

int
loop_watch(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events, loop_watch_fn *on_events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	*watch = (struct loop_watch){ .on_events = on_events, .fd = -1 };
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1)
		return -errno;
	watch->fd = fd;
	return 0;
}

int
loop_rewatch(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) == -1 ? -errno : 0;
}

/*
 * What was collected for the watch is struck out here, not recognised later: so
 * nothing refers to the watch any more, which may then watch another descriptor
 * in this very turn, or be freed.  At most 256 pointers are looked at, next to a
 * system call that costs more.
 */
void
loop_forget(struct loop *loop, struct loop_watch *watch)
{
	watch->fd = -1;
	for (int i = loop->next; i < loop->count; i++) {
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
	}
}

void
loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
	if (watch->fd == -1)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	loop_forget(loop, watch);
}

void
loop_ready(struct loop *loop, struct loop_task *task)
{
	if (task->ready)
		return;
	task->ready = true;
	TAILQ_INSERT_TAIL(&loop->tasks, task, link);
}

void
loop_unready(struct loop *loop, struct loop_task *task)
{
	if (!task->ready)
		return;
	task->ready = false;
	TAILQ_REMOVE(&loop->tasks, task, link);
}

void
loop_after_turn(struct loop *loop, void (*fn)(void *), void *argument)
{
	loop->after_turn = fn;
	loop->argument = argument;
}
