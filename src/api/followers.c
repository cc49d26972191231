/* SPDX-License-Identifier: MIT */
#include "api/followers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"

enum {
	TICK_MS = 100,       /* how long news may wait: each waking costs every follower a system call or two */
	TICKS_OF_CHECK = 10, /* how often it is asked whether clients are still there */
	NICENESS = 10,       /* forwarding goes first */
	FAREWELL_MS = 200,   /* how long the end may take to reach them */
};

struct followers {
	const struct track *track;
	follower_wake_fn *wake;
	int most;
	struct event_cache *cache; /* NULL: nobody is here */
	struct followers_totals totals;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex; /* of the list, between the two threads */
	pthread_cond_t change; /* the first has come, or the end */
	atomic_bool closing;
	TAILQ_HEAD(, follower) list;

	/* The thread's own. */
	int ticks;
	struct pollfd polls[FOLLOWERS_MAX];
	struct follower *woken[FOLLOWERS_MAX];
};

static bool
take(struct follower *follower)
{
	return atomic_exchange(&follower->asleep, false);
}

/* Nobody is told when the client of an answer that was set aside leaves.  What it sent last is the end of its
 * side in any case; whether it still reads only a write tells. */
static void
check_clients(struct followers *followers)
{
	struct follower *follower;
	nfds_t count = 0;

	TAILQ_FOREACH(follower, &followers->list, link)
		followers->polls[count++] = (struct pollfd){ .fd = follower->fd, .events = POLLRDHUP };
	if (poll(followers->polls, count, 0) <= 0)
		return;
	count = 0;
	TAILQ_FOREACH(follower, &followers->list, link)
		atomic_store(&follower->gone, followers->polls[count++].revents != 0);
}

static int
choose(struct followers *followers)
{
	struct follower_news news = { .now_ns = clock_now() };
	struct follower *follower;
	int count = 0;

	event_feed_look(&news.heads, followers->track);
	if (followers->ticks++ % TICKS_OF_CHECK == 0)
		check_clients(followers);
	TAILQ_FOREACH(follower, &followers->list, link) {
		if (!atomic_load(&follower->asleep))
			continue;
		if ((followers_closing(followers) || follower->is_due(follower, &news)) && take(follower))
			followers->woken[count++] = follower;
	}
	return count;
}

static struct timespec
in_ms(int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * NS_PER_MS;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= NS_PER_S;
	}
	return until;
}

static void
wait_for_tick(struct followers *followers)
{
	struct timespec until = in_ms(TICK_MS);

	if (TAILQ_EMPTY(&followers->list))
		pthread_cond_wait(&followers->change, &followers->mutex);
	else
		pthread_cond_timedwait(&followers->change, &followers->mutex, &until);
}

/* Whoever was taken stays until it is woken, so that may be done without the mutex. */
static void *
wake_followers(void *argument)
{
	struct followers *followers = argument;

	pthread_setname_np(pthread_self(), "followers");
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
	pthread_mutex_lock(&followers->mutex);
	for (;;) {
		bool closing = followers_closing(followers);
		int count = choose(followers);

		pthread_mutex_unlock(&followers->mutex);
		for (int i = 0; i < count; i++)
			followers->wake(followers->woken[i]->connection);
		if (closing)
			return NULL;
		pthread_mutex_lock(&followers->mutex);
		if (!followers_closing(followers))
			wait_for_tick(followers);
	}
}

struct followers *
followers_new(const struct track *track, int most, follower_wake_fn *wake)
{
	struct followers *followers = calloc(1, sizeof(*followers));
	pthread_condattr_t steady;

	if (followers == NULL)
		return NULL;
	followers->track = track;
	followers->wake = wake;
	followers->most = most < FOLLOWERS_MAX ? most : FOLLOWERS_MAX;
	pthread_mutex_init(&followers->mutex, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&followers->change, &steady);
	pthread_condattr_destroy(&steady);
	TAILQ_INIT(&followers->list);
	return followers;
}

void
followers_close(struct followers *followers)
{
	pthread_mutex_lock(&followers->mutex);
	atomic_store(&followers->closing, true);
	bool has_thread = followers->has_thread;
	pthread_cond_signal(&followers->change);
	pthread_mutex_unlock(&followers->mutex);
	if (has_thread)
		pthread_join(followers->thread, NULL);
	followers->has_thread = false;
	struct timespec until = in_ms(FAREWELL_MS);
	pthread_mutex_lock(&followers->mutex);
	while (!TAILQ_EMPTY(&followers->list) &&
	       pthread_cond_timedwait(&followers->change, &followers->mutex, &until) == 0)
		continue;
	pthread_mutex_unlock(&followers->mutex);
}

bool
followers_closing(const struct followers *followers)
{
	return atomic_load(&followers->closing);
}

void
followers_free(struct followers *followers)
{
	if (followers == NULL)
		return;
	event_cache_free(followers->cache);
	pthread_mutex_destroy(&followers->mutex);
	pthread_cond_destroy(&followers->change);
	free(followers);
}

static int
prepare(struct followers *followers)
{
	int error = 0;

	if (followers->cache == NULL)
		followers->cache = event_cache_new(followers->track);
	if (followers->cache == NULL)
		return ENOMEM;
	if (!followers->has_thread)
		error = pthread_create(&followers->thread, NULL, wake_followers, followers);
	followers->has_thread = error == 0;
	return error;
}

bool
followers_join(struct followers *followers, struct follower *follower, int *error)
{
	*error = 0;
	if (followers->totals.now >= followers->most) {
		followers->totals.refused++;
		return false;
	}
	pthread_mutex_lock(&followers->mutex);
	*error = followers_closing(followers) ? ECANCELED : prepare(followers);
	if (*error == 0) {
		follower->fd = -1;
		atomic_store(&follower->asleep, false);
		TAILQ_INSERT_TAIL(&followers->list, follower, link);
		pthread_cond_signal(&followers->change);
	}
	pthread_mutex_unlock(&followers->mutex);
	if (*error != 0)
		return false;
	followers->totals.now++;
	return true;
}

void
followers_leave(struct followers *followers, struct follower *follower)
{
	pthread_mutex_lock(&followers->mutex);
	TAILQ_REMOVE(&followers->list, follower, link);
	pthread_cond_signal(&followers->change); /* one may wait for the last to go */
	pthread_mutex_unlock(&followers->mutex);
	if (--followers->totals.now > 0)
		return;
	event_cache_free(followers->cache);
	followers->cache = NULL;
}

void
follower_answers(struct followers *followers, struct follower *follower, void *connection, int fd)
{
	pthread_mutex_lock(&followers->mutex);
	follower->connection = connection;
	follower->fd = fd;
	pthread_mutex_unlock(&followers->mutex);
}

/* Either the thread finds it asleep after the end was called, or this finds that it was. */
bool
follower_sleeps(struct followers *followers, struct follower *follower)
{
	atomic_store(&follower->asleep, true);
	return !(followers_closing(followers) && take(follower));
}

struct event_cache *
followers_cache(const struct followers *followers)
{
	return followers->cache;
}

struct followers_totals *
followers_totals(struct followers *followers)
{
	return &followers->totals;
}
