/* SPDX-License-Identifier: MIT */
/*
 * A cut is a shutdown: the library sees the end, closes the socket and tells us.
 * Until then the place is taken, and the descriptor is that socket's: the lock keeps
 * it so while another thread looks.
 */
#include "api/callers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/flow.h"
#include "base/log.h"
#include "base/source_table.h"

#define HEADERS_NS  (10 * NS_PER_S) /* from the connection to its first request, TLS and all */
#define BODY_NS     (10 * NS_PER_S)
#define IDLE_NS     (30 * NS_PER_S) /* from one answer to the next request */
#define READ_NS     (30 * NS_PER_S) /* for a piece of an answer, and on top of it … */
#define PER_BYTE_NS (NS_PER_S / 1024)
#define SAY_NS      (60 * NS_PER_S)

enum { SPARE_MOST = 32, SPARE_PART = 16, SHARE_PART = 2 };

struct caller {
	int fd; /* -1: the place is free */
	bool is_local, is_counted;
	uint32_t source; /* entry, while counted */
	bool is_idle;
	int64_t since; /* of its step */
	_Atomic int64_t until;
	_Atomic bool is_cut;
};

struct callers {
	pthread_mutex_t lock; /* for what comes, goes or is cut */
	int most, count;
	uint32_t per_second;
	struct source_table *sources;
	struct bucket others; /* of sources for which the table has no room */
	int64_t said;         /* that places run short */
	struct caller places[];
};

struct callers *
callers_new(int most, uint32_t per_second)
{
	struct callers *callers = calloc(1, sizeof(*callers) + (size_t)most * sizeof(callers->places[0]));

	if (callers == NULL)
		return NULL;
	callers->sources = source_table_new((uint32_t)most);
	if (callers->sources == NULL) {
		free(callers);
		return NULL;
	}
	pthread_mutex_init(&callers->lock, NULL);
	callers->most = most;
	callers->per_second = per_second;
	callers->said = INT64_MIN / 2;
	for (int i = 0; i < most; i++)
		callers->places[i].fd = -1;
	return callers;
}

void
callers_free(struct callers *callers)
{
	if (callers == NULL)
		return;
	pthread_mutex_destroy(&callers->lock);
	source_table_free(callers->sources);
	free(callers);
}

/* With the lock. */
static void
cut(struct caller *caller)
{
	if (!atomic_exchange(&caller->is_cut, true))
		shutdown(caller->fd, SHUT_RDWR);
}

static void
begin_step(struct caller *caller, bool is_idle, int64_t now, int64_t ns)
{
	caller->is_idle = is_idle;
	caller->since = now;
	atomic_store(&caller->until, now + ns);
}

static uint32_t
count_of_source(const struct callers *callers, const struct caller *caller)
{
	return caller->is_counted ? source_table_count(callers->sources, caller->source) : 1;
}

static bool
may_go(const struct caller *caller, const struct caller *newest)
{
	return caller->fd != -1 && caller != newest && caller->is_idle && !atomic_load(&caller->is_cut);
}

/* NULL: nobody is idle. */
static struct caller *
find_idlest(struct callers *callers, const struct caller *newest)
{
	struct caller *found = NULL;
	uint32_t most = 0;

	for (struct caller *caller = callers->places; caller < callers->places + callers->most; caller++) {
		uint32_t count = may_go(caller, newest) ? count_of_source(callers, caller) : 0;

		if (count > most || (count > 0 && count == most && caller->since < found->since)) {
			most = count;
			found = caller;
		}
	}
	return found;
}

static int
spare(const struct callers *callers)
{
	int part = callers->most / SPARE_PART;

	return part < 1 ? 1 : part < SPARE_MOST ? part : SPARE_MOST;
}

static int
count_uncut(const struct callers *callers)
{
	int count = 0;

	for (int i = 0; i < callers->most; i++)
		count += callers->places[i].fd != -1 && !atomic_load(&callers->places[i].is_cut);
	return count;
}

/* So that the next one need not wait in the kernel's queue.  With the lock. */
static void
make_room(struct callers *callers, const struct caller *newest, int64_t now)
{
	struct caller *idlest;

	if (callers->count <= callers->most - spare(callers) ||
	    count_uncut(callers) <= callers->most - spare(callers) || (idlest = find_idlest(callers, newest)) == NULL)
		return;
	cut(idlest);
	if (now - callers->said < SAY_NS)
		return;
	callers->said = now;
	log_notice("the HTTP interface has %d connections: idle ones are cut to make room", callers->count);
}

static struct caller *
find_place(struct callers *callers)
{
	for (int i = 0; i < callers->most; i++) {
		if (callers->places[i].fd == -1)
			return &callers->places[i];
	}
	return NULL;
}

struct caller *
callers_enter(struct callers *callers, int fd, const struct addr *from, int64_t now)
{
	struct flow flow;
	struct caller *caller;

	flow_set(&flow, from, from); /* all that come over a Unix socket are one source, of zeros */
	pthread_mutex_lock(&callers->lock);
	caller = find_place(callers);
	if (caller != NULL) {
		*caller = (struct caller){ .fd = fd };
		caller->is_local = flow.protocol != FLOW_TCP || addr_is_loopback(from);
		caller->is_counted = source_table_enter(callers->sources, flow.source.ip, 0, now, &caller->source) ==
				     SOURCE_COUNTED;
		begin_step(caller, true, now, HEADERS_NS);
		callers->count++;
		make_room(callers, caller, now);
	}
	pthread_mutex_unlock(&callers->lock);
	return caller;
}

void
callers_leave(struct callers *callers, struct caller *caller)
{
	if (caller == NULL)
		return;
	pthread_mutex_lock(&callers->lock);
	if (caller->is_counted)
		source_table_leave(callers->sources, caller->source);
	caller->fd = -1;
	callers->count--;
	pthread_mutex_unlock(&callers->lock);
}

int
callers_share(const struct callers *callers)
{
	int share = callers->most / SHARE_PART;

	return share > 1 ? share : 1;
}

/* Idle ones do not count: they go when places run short. */
static bool
has_its_share(const struct callers *callers, const struct caller *asker)
{
	int busy = 0;

	if (asker->is_local || !asker->is_counted)
		return false;
	for (const struct caller *caller = callers->places; caller < callers->places + callers->most; caller++)
		busy += caller->fd != -1 && caller->is_counted && caller->source == asker->source && !caller->is_idle;
	return busy >= callers_share(callers);
}

enum caller_answer
callers_ask(struct callers *callers, const struct caller *caller, int64_t now)
{
	bool is_counted = caller != NULL && caller->is_counted;
	struct bucket *bucket = is_counted ? source_table_bucket(callers->sources, caller->source) : &callers->others;

	if (!bucket_take(bucket, callers->per_second, now))
		return CALLER_TOO_OFTEN;
	return caller != NULL && has_its_share(callers, caller) ? CALLER_TOO_MANY : CALLER_WELCOME;
}

void
caller_sends(struct caller *caller, int64_t now)
{
	if (caller != NULL)
		begin_step(caller, false, now, BODY_NS);
}

void
caller_reads(struct caller *caller, size_t bytes, int64_t now)
{
	if (caller != NULL)
		begin_step(caller, false, now, READ_NS + (int64_t)bytes * PER_BYTE_NS);
}

void
caller_sleeps(struct caller *caller, int64_t now)
{
	if (caller != NULL)
		begin_step(caller, false, now, INT64_MAX / 2);
}

bool
caller_is_cut(const struct caller *caller)
{
	return caller != NULL && atomic_load(&caller->is_cut);
}

void
caller_is_idle(struct caller *caller, int64_t now)
{
	if (caller != NULL)
		begin_step(caller, true, now, IDLE_NS);
}

void
callers_look(struct callers *callers, int64_t now)
{
	int count = 0;

	pthread_mutex_lock(&callers->lock);
	for (int i = 0; i < callers->most; i++) {
		struct caller *caller = &callers->places[i];

		if (caller->fd == -1 || now < atomic_load(&caller->until) || atomic_load(&caller->is_cut))
			continue;
		cut(caller);
		count++;
	}
	pthread_mutex_unlock(&callers->lock);
	if (count > 0)
		log_debug("api: %d connections were too slow", count);
}
