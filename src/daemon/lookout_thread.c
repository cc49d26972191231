/* SPDX-License-Identifier: MIT */
#include "daemon/lookout_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "track/lookout.h"

enum { NICE = 10 };

struct lookout_thread {
	struct lookout *lookout;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t change;
	bool stops;
};

/* False: it is to end. */
static bool
rest(struct lookout_thread *it)
{
	struct timespec until;
	bool stops;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOKOUT_PERIOD_MS / 1000;
	pthread_mutex_lock(&it->mutex);
	while (!it->stops && pthread_cond_timedwait(&it->change, &it->mutex, &until) == 0)
		continue;
	stops = it->stops;
	pthread_mutex_unlock(&it->mutex);
	return !stops;
}

static void *
look_out(void *argument)
{
	struct lookout_thread *it = argument;

	pthread_setname_np(pthread_self(), "lookout");
	/* Forwarding goes first.  On Linux niceness is a thread's own. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	do {
		lookout_look(it->lookout);
	} while (rest(it));
	return NULL;
}

static void
forget(struct lookout_thread *it)
{
	pthread_mutex_destroy(&it->mutex);
	pthread_cond_destroy(&it->change);
	lookout_free(it->lookout);
	free(it);
}

int
lookout_thread_start(struct lookout_thread **thread, const struct track *track)
{
	struct lookout_thread *it = calloc(1, sizeof(*it));
	pthread_condattr_t steady;

	*thread = NULL;
	if (it == NULL)
		return -ENOMEM;
	pthread_mutex_init(&it->mutex, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&it->change, &steady);
	pthread_condattr_destroy(&steady);
	it->lookout = lookout_new(track);
	int error = it->lookout == NULL ? -ENOMEM : -pthread_create(&it->thread, NULL, look_out, it);
	if (error != 0) {
		forget(it);
		return error;
	}
	*thread = it;
	return 0;
}

void
lookout_thread_stop(struct lookout_thread *thread)
{
	if (thread == NULL)
		return;
	pthread_mutex_lock(&thread->mutex);
	thread->stops = true;
	pthread_cond_signal(&thread->change);
	pthread_mutex_unlock(&thread->mutex);
	pthread_join(thread->thread, NULL);
	forget(thread);
}
