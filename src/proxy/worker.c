/* SPDX-License-Identifier: MIT */
#include "proxy/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/tcp_info.h"
#include "proxy/admission.h"
#include "proxy/conns.h"
#include "proxy/listener.h"
#include "proxy/sampler.h"
#include "proxy/workbench.h"

/* Mail of our own, beside the orders of others.  Each says only that there is something to do: of a kind
 * one on its way is enough. */
enum mail_kind { MAIL_RESUME = ORDER_KINDS, MAIL_HOLD, MAIL_CUT, MAIL_DRAIN, MAIL_SHUTDOWN };

#define TICK_NS     NS_PER_S          /* looks at the accept queues */
#define RETRY_NS    (100 * NS_PER_MS) /* descriptors that others hold come back without telling us */
#define SAY_ONCE_NS (60 * NS_PER_S)   /* pauses closer than this are one episode: said once */

#define NO_SHORTAGE PAUSE_CAUSES

struct worker;

/* A listener's socket, with the way back from its events to the worker. */
struct entrance {
	struct loop_watch watch; /* fd -1: not open */
	struct worker *worker;
	struct listener listener;
};

struct worker {
	struct workers *all;
	pthread_t thread;
	struct loop *loop;
	struct mailbox *mailbox;
	struct workbench bench;
	struct entrance *entrances; /* one for each pair of the settings */
	struct sampler sampler;
	struct timer tick, retry;
	bool draining;             /* the end of accepting has begun */
	enum pause_cause shortage; /* what it is short of, or NO_SHORTAGE */
	bool place_freed;          /* in this turn */
	atomic_bool is_short;      /* for others: it has a shortage */
	_Atomic unsigned mails;    /* a bit for each mail_kind on its way to it */
};

/* What the entrances of one listener have in common. */
struct sockets {
	_Atomic int count;   /* those that are not closed */
	_Atomic int shut;    /* of these, those that are not open */
	atomic_bool on_hold; /* an admin paused the listener */
};

struct workers {
	struct track *track;
	struct admission *admission;
	int count, started;
	_Atomic int short_workers;
	atomic_bool on_hold;     /* an admin's drain */
	struct sockets *sockets; /* by listener */
	_Atomic int64_t said_ns;
	struct worker *workers;
};

static bool
send_to(struct worker *worker, enum mail_kind kind)
{
	struct mail mail = { .kind = kind };
	unsigned bit = 1u << kind;

	if ((atomic_fetch_or(&worker->mails, bit) & bit) != 0 || mailbox_post(worker->mailbox, &mail))
		return true;
	atomic_fetch_and(&worker->mails, ~bit);
	return false;
}

/*
 * Pausing: for a shortage, until it ends, or on hold, until that is taken back.
 * An entrance is open while nothing speaks against it; a listener is paused
 * while one of its entrances is not open.
 */

static void
say_short(struct workers *all, int error)
{
	int64_t now = clock_now(), said = atomic_load(&all->said_ns);

	atomic_store(&all->said_ns, now);
	if (said != 0 && now - said < SAY_ONCE_NS)
		return;
	if (error == 0)
		log_warning(
		    "accepting pauses: all %u places are taken; clients wait in the kernel's queue until one is free",
		    table_max_conns(all->track->table));
	else
		log_warning("accepting pauses: %s; clients wait in the kernel's queue", strerror(error));
}

static bool
has_place(const struct workers *all)
{
	return table_places_taken(all->track->table) < table_max_conns(all->track->table);
}

/* One entrance more that is not open.  The first pauses its listener. */
static void
count_out(struct workers *all, int number, int error)
{
	if (atomic_fetch_add(&all->sockets[number].shut, 1) > 0)
		return;
	listeners_step(all->track->listeners, number, STEP_PAUSED, error);
	if (atomic_load(&all->sockets[number].shut) == 0) /* others went on meanwhile, and spoke before us */
		listeners_step(all->track->listeners, number, STEP_RESUMED, 0);
}

static void
count_in(struct workers *all, int number)
{
	if (atomic_fetch_sub(&all->sockets[number].shut, 1) > 1)
		return;
	listeners_step(all->track->listeners, number, STEP_RESUMED, 0);
	if (atomic_load(&all->sockets[number].shut) > 0)
		listeners_step(all->track->listeners, number, STEP_PAUSED, 0);
}

static void
shut(struct entrance *entrance, int number, int error)
{
	if (entrance->watch.fd == -1)
		return;
	loop_unwatch(entrance->worker->loop, &entrance->watch);
	count_out(entrance->worker->all, number, error);
}

static void
tell_cause(struct worker *worker, bool pauses)
{
	struct listeners *listeners = worker->all->track->listeners;

	for (int i = 0; i < listeners_count(listeners); i++)
		listeners_pause(listeners, i, worker->shortage, pauses);
}

static void
retry_later(struct worker *worker, int64_t wait_ns)
{
	timer_arm(loop_timers(worker->loop), &worker->retry, loop_now(worker->loop) + wait_ns);
}

static void
begin_shortage(struct worker *worker, int error)
{
	struct workers *all = worker->all;

	if (worker->shortage != NO_SHORTAGE || worker->draining)
		return;
	worker->shortage = error == 0 ? PAUSE_CONNECTIONS : PAUSE_DESCRIPTORS;
	atomic_store(&worker->is_short, true);
	tell_cause(worker, true);
	for (int i = 0; i < worker->bench.settings->pair_count; i++)
		shut(&worker->entrances[i], i, error);
	totals_add(&worker->bench.totals->counts[TOTAL_ACCEPT_PAUSES], 1);
	if (atomic_fetch_add(&all->short_workers, 1) == 0)
		say_short(all, error);
	/* A place that came free before we said that we are short told nobody. */
	retry_later(worker, error == 0 && has_place(all) ? 0 : RETRY_NS);
}

static void
forget_shortage(struct worker *worker)
{
	tell_cause(worker, false);
	worker->shortage = NO_SHORTAGE;
	atomic_store(&worker->is_short, false);
	atomic_fetch_sub(&worker->all->short_workers, 1);
	timer_cancel(loop_timers(worker->loop), &worker->retry);
}

/* One of us gave a place back.  All try: whoever has clients waiting takes it. */
static void
tell_short(struct workers *all)
{
	for (int i = 0; i < all->count; i++) {
		if (atomic_load(&all->workers[i].is_short))
			send_to(&all->workers[i], MAIL_RESUME);
	}
}

static bool
accept_more(struct entrance *entrance)
{
	struct worker *worker = entrance->worker;
	int error = 0;

	switch (listener_accept(&entrance->listener, &worker->bench, &error)) {
	case ACCEPT_WAITING:
		return false;
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_NO_PLACE:
		begin_shortage(worker, 0);
		return false;
	case ACCEPT_SHORT:
		begin_shortage(worker, error);
		return false;
	}
	return false;
}

static void
on_client(struct loop_watch *watch, uint32_t events)
{
	(void)events;
	accept_more((struct entrance *)((char *)watch - offsetof(struct entrance, watch)));
}

/* Level-triggered: what a burst leaves in the queue comes up again in the next turn.
 * EPOLLEXCLUSIVE: where workers share one socket, a client need not wake them all. */
static int
open_up(struct entrance *entrance)
{
	return loop_watch(
	    entrance->worker->loop, &entrance->watch, entrance->listener.fd, EPOLLIN | EPOLLEXCLUSIVE, on_client);
}

static bool
is_on_hold(const struct worker *worker, int number)
{
	return atomic_load(&worker->all->on_hold) || atomic_load(&worker->all->sockets[number].on_hold);
}

/* Opens and shuts entrances as it ought to be now.  0, or -errno when one could not be opened. */
static int
settle_entrances(struct worker *worker)
{
	int problem = 0;

	for (int i = 0; i < worker->bench.settings->pair_count; i++) {
		struct entrance *entrance = &worker->entrances[i];

		if (worker->shortage != NO_SHORTAGE || is_on_hold(worker, i)) {
			shut(entrance, i, 0);
		} else if (entrance->watch.fd == -1) {
			problem = open_up(entrance);
			if (problem != 0)
				return problem;
			count_in(worker->all, i);
		}
	}
	return 0;
}

static void
end_shortage(struct worker *worker)
{
	if (worker->shortage == NO_SHORTAGE)
		return;
	if (!has_place(worker->all)) {
		retry_later(worker, RETRY_NS);
		return;
	}
	forget_shortage(worker);
	int error = settle_entrances(worker);
	if (error != 0)
		begin_shortage(worker, -error);
}

static void
look_at_holds(struct worker *worker)
{
	int error = worker->draining ? 0 : settle_entrances(worker);

	if (error != 0)
		begin_shortage(worker, -error);
}

static void
on_retry(struct timer *timer)
{
	end_shortage((struct worker *)((char *)timer - offsetof(struct worker, retry)));
}

static void
on_place_free(void *argument)
{
	((struct worker *)argument)->place_freed = true;
}

/* The end of accepting. */

static void
close_entrance(struct entrance *entrance, int number)
{
	struct workers *all = entrance->worker->all;
	bool last;

	if (entrance->watch.fd == -1)
		atomic_fetch_sub(&all->sockets[number].shut, 1);
	loop_unwatch(entrance->worker->loop, &entrance->watch);
	close(entrance->listener.fd);
	entrance->listener.fd = -1;
	last = atomic_fetch_sub(&all->sockets[number].count, 1) == 1;
	if (!last)
		return;
	listening_remove_path(&entrance->listener.bound);
	listeners_step(all->track->listeners, number, STEP_CLOSED, 0);
}

static void
close_entrances(struct worker *worker)
{
	worker->draining = true;
	for (int i = 0; i < worker->bench.settings->pair_count; i++)
		close_entrance(&worker->entrances[i], i);
	if (worker->shortage != NO_SHORTAGE)
		forget_shortage(worker);
}

/* Who is in the queue now is served; who comes between the last look and the close is reset by the kernel. */
static void
drain(struct worker *worker)
{
	if (worker->draining)
		return;
	worker->draining = true; /* a shortage pauses nothing any more */
	for (int i = 0; i < worker->bench.settings->pair_count; i++) {
		while (accept_more(&worker->entrances[i]))
			continue;
	}
	close_entrances(worker);
}

static void
obey(struct worker *worker, const struct mail *mail)
{
	struct admin_order order;

	orders_take(worker->all->track->orders, worker->bench.number, mail, &order);
	if (order.kind == ORDER_REFRESH)
		conns_refresh(&worker->bench, order.id);
	else
		conns_kill(&worker->bench, order.id, order.how, order.words);
}

static void
on_mail(void *argument, const struct mail *mail)
{
	struct worker *worker = argument;

	if (mail->kind < ORDER_KINDS) {
		obey(worker, mail);
		return;
	}
	atomic_fetch_and(&worker->mails, ~(1u << mail->kind)); /* first: what comes from here on is another */
	switch ((enum mail_kind)mail->kind) {
	case MAIL_RESUME:
		end_shortage(worker);
		break;
	case MAIL_HOLD:
		look_at_holds(worker);
		break;
	case MAIL_CUT:
		conns_drain(&worker->bench);
		break;
	case MAIL_DRAIN:
		drain(worker);
		break;
	case MAIL_SHUTDOWN:
		drain(worker);
		conns_shutdown(&worker->bench);
		loop_stop(worker->loop);
		break;
	}
}

/* The thread. */

static void
on_tick(struct timer *timer)
{
	struct worker *worker = (struct worker *)((char *)timer - offsetof(struct worker, tick));

	for (int i = 0; i < worker->bench.settings->pair_count; i++) {
		int fd = worker->entrances[i].listener.fd;
		uint32_t length, limit;

		if (fd != -1 && tcp_info_queue(fd, &length, &limit))
			listeners_queue(worker->all->track->listeners, i, worker->bench.number, length, limit);
	}
	timer_arm(loop_timers(worker->loop), &worker->tick, loop_now(worker->loop) + TICK_NS);
}

static void
after_turn(void *argument)
{
	struct worker *worker = argument;

	conns_after_turn(&worker->bench);
	if (worker->place_freed && atomic_load(&worker->all->short_workers) > 0)
		tell_short(worker->all);
	worker->place_freed = false;
}

static void *
work(void *argument)
{
	struct worker *worker = argument;

	on_tick(&worker->tick);
	sampler_start(&worker->sampler, &worker->bench);
	loop_run(worker->loop);
	return NULL;
}

static int
worker_init(struct worker *worker, struct workers *all, int number, struct group *const *groups,
    const struct listening *listenings)
{
	int pairs = all->track->settings->pair_count;

	worker->all = all;
	worker->tick.fire = on_tick;
	worker->retry.fire = on_retry;
	worker->loop = loop_new();
	worker->entrances = calloc((size_t)pairs, sizeof(worker->entrances[0]));
	if (worker->loop == NULL || worker->entrances == NULL)
		return -ENOMEM;
	worker->mailbox = mailbox_new(worker->loop, on_mail, worker);
	if (worker->mailbox == NULL)
		return -errno;
	int error = workbench_init(&worker->bench, number, all->track, groups, worker->loop);
	if (error == 0)
		error = conns_reserve(&worker->bench);
	if (error != 0)
		return error;
	worker->bench.admission = all->admission;
	worker->bench.on_place_free = on_place_free;
	worker->bench.argument = worker;
	loop_after_turn(worker->loop, after_turn, worker);
	worker->shortage = NO_SHORTAGE;
	for (int i = 0; error == 0 && i < pairs; i++) {
		struct entrance *entrance = &worker->entrances[i];

		entrance->worker = worker;
		entrance->watch.fd = -1;
		listener_init(&entrance->listener, i, listenings[i].fds[number], &listenings[i].bound);
		error = open_up(entrance);
	}
	return error;
}

static void
worker_fini(struct worker *worker)
{
	if (worker->mailbox != NULL)
		mailbox_free(worker->mailbox);
	conns_unreserve(&worker->bench);
	workbench_fini(&worker->bench);
	loop_free(worker->loop);
	free(worker->entrances);
}

struct workers *
workers_new(struct track *track, struct group *const *groups, const struct listening *listenings)
{
	const struct settings *settings = track->settings;
	struct workers *all = calloc(1, sizeof(*all));
	int error = 0;

	if (all == NULL)
		return NULL;
	all->track = track;
	all->count = settings->workers;
	all->sockets = calloc((size_t)settings->pair_count, sizeof(all->sockets[0]));
	all->workers = calloc((size_t)all->count, sizeof(all->workers[0]));
	all->admission = admission_new(settings, table_max_conns(track->table));
	if (all->sockets == NULL || all->workers == NULL || all->admission == NULL)
		error = -ENOMEM;
	for (int i = 0; error == 0 && i < settings->pair_count; i++)
		atomic_store(&all->sockets[i].count, all->count);
	for (int i = 0; error == 0 && i < all->count; i++)
		error = worker_init(&all->workers[i], all, i, groups, listenings);
	if (error == 0)
		return all;
	workers_free(all);
	errno = -error;
	return NULL;
}

int
workers_start(struct workers *workers)
{
	char name[16];

	for (; workers->started < workers->count; workers->started++) {
		struct worker *worker = &workers->workers[workers->started];
		int error = pthread_create(&worker->thread, NULL, work, worker);

		if (error != 0)
			return -error;
		snprintf(name, sizeof(name), "worker-%d", workers->started);
		pthread_setname_np(worker->thread, name);
		orders_deliver_to(workers->track->orders, workers->started, worker->mailbox);
	}
	return 0;
}

static void
send_to_all(struct workers *workers, enum mail_kind kind)
{
	for (int i = 0; i < workers->started; i++) {
		bool sent = send_to(&workers->workers[i], kind);

		assert(sent); /* orders leave room (track/orders.h), and of each kind there is one */
		(void)sent;
	}
}

void
workers_hold(struct workers *workers, bool on_hold)
{
	if (atomic_exchange(&workers->on_hold, on_hold) == on_hold)
		return;
	for (int i = 0; i < workers->track->settings->pair_count; i++)
		listeners_pause(workers->track->listeners, i, PAUSE_DRAIN, on_hold);
	send_to_all(workers, MAIL_HOLD);
}

void
workers_hold_listener(struct workers *workers, int listener, bool on_hold)
{
	if (atomic_exchange(&workers->sockets[listener].on_hold, on_hold) == on_hold)
		return;
	listeners_pause(workers->track->listeners, listener, PAUSE_ADMIN, on_hold);
	send_to_all(workers, MAIL_HOLD);
}

void
workers_cut(struct workers *workers)
{
	send_to_all(workers, MAIL_CUT);
}

void
workers_drain(struct workers *workers)
{
	send_to_all(workers, MAIL_DRAIN);
}

bool
workers_are_done(struct workers *workers)
{
	for (int i = 0; i < workers->track->settings->pair_count; i++) {
		if (atomic_load(&workers->sockets[i].count) > 0)
			return false;
	}
	return table_places_taken(workers->track->table) == 0;
}

void
workers_shutdown(struct workers *workers)
{
	send_to_all(workers, MAIL_SHUTDOWN);
	for (int i = 0; i < workers->started; i++)
		pthread_join(workers->workers[i].thread, NULL);
	for (int i = workers->started; i < workers->count; i++)
		close_entrances(&workers->workers[i]); /* its thread could not be started */
	workers->started = 0;
}

void
workers_free(struct workers *workers)
{
	if (workers->workers != NULL) {
		for (int i = 0; i < workers->count; i++)
			worker_fini(&workers->workers[i]);
	}
	admission_free(workers->admission);
	free(workers->workers);
	free(workers->sockets);
	free(workers);
}
