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
#include "base/cpus.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "proxy/admission.h"
#include "proxy/conns.h"
#include "proxy/entrances.h"
#include "proxy/sampler.h"
#include "proxy/workbench.h"

/* Mail of our own, beside the orders of others.  Each says only that there is something to do: of a kind
 * one on its way is enough. */
enum mail_kind { MAIL_RESUME = ORDER_KINDS, MAIL_HOLD, MAIL_CUT, MAIL_DRAIN, MAIL_SHUTDOWN };

#define TICK_NS NS_PER_S /* looks at the accept queues, and at pipes that nobody wants */
struct worker;

struct worker {
	struct workers *all;
	pthread_t thread;
	struct loop *loop;
	struct mailbox *mailbox;
	struct workbench bench;
	struct entrances entrances;
	struct sampler sampler;
	struct timer tick;
	bool place_freed;       /* in this turn */
	_Atomic unsigned mails; /* a bit for each mail_kind on its way to it */
};

struct workers {
	struct track *track;
	struct admission *admission;
	int count, started;
	struct gates gates;
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

/* One of us gave a place back.  All try: whoever has clients waiting takes it. */
static void
tell_short(struct workers *all)
{
	for (int i = 0; i < all->count; i++) {
		if (atomic_load(&all->workers[i].entrances.is_short))
			send_to(&all->workers[i], MAIL_RESUME);
	}
}

static void
on_place_free(void *argument)
{
	((struct worker *)argument)->place_freed = true;
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
		entrances_retry(&worker->entrances);
		break;
	case MAIL_HOLD:
		entrances_settle(&worker->entrances);
		break;
	case MAIL_CUT:
		conns_drain(&worker->bench);
		break;
	case MAIL_DRAIN:
		entrances_drain(&worker->entrances);
		break;
	case MAIL_SHUTDOWN:
		entrances_drain(&worker->entrances);
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

	entrances_look_at_queues(&worker->entrances);
	if (worker->bench.tools.pipes != NULL)
		pipes_tidy(worker->bench.tools.pipes);
	timer_arm(loop_timers(worker->loop), &worker->tick, loop_now(worker->loop) + TICK_NS);
}

static void
after_turn(void *argument)
{
	struct worker *worker = argument;

	conns_after_turn(&worker->bench);
	if (worker->place_freed && atomic_load(&worker->all->gates.short_workers) > 0)
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
	worker->all = all;
	worker->tick.fire = on_tick;
	worker->loop = loop_new();
	if (worker->loop == NULL)
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
	return entrances_init(&worker->entrances, &all->gates, &worker->bench, listenings);
}

static void
worker_fini(struct worker *worker)
{
	if (worker->mailbox != NULL)
		mailbox_free(worker->mailbox);
	conns_unreserve(&worker->bench);
	workbench_fini(&worker->bench);
	loop_free(worker->loop);
	entrances_fini(&worker->entrances);
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
	all->workers = calloc((size_t)all->count, sizeof(all->workers[0]));
	all->admission = admission_new(settings, table_max_conns(track->table));
	if (all->workers == NULL || all->admission == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = gates_init(&all->gates, track);
	for (int i = 0; error == 0 && i < all->count; i++)
		error = worker_init(&all->workers[i], all, i, groups, listenings);
	if (error == 0)
		return all;
	workers_free(all);
	errno = -error;
	return NULL;
}

/* A thread that cannot be where it should be is none. */
static int
start_pinned(struct worker *worker)
{
	pthread_attr_t manner;
	cpu_set_t cpu;
	int error = -cpus_nth(&cpu, worker->bench.number);

	if (error != 0)
		return error;
	error = pthread_attr_init(&manner);
	if (error != 0)
		return error;
	error = pthread_attr_setaffinity_np(&manner, sizeof(cpu), &cpu);
	if (error == 0)
		error = pthread_create(&worker->thread, &manner, work, worker);
	pthread_attr_destroy(&manner);
	return error;
}

int
workers_start(struct workers *workers)
{
	bool pinned = workers->track->settings->pin_workers;
	char name[16];

	for (; workers->started < workers->count; workers->started++) {
		struct worker *worker = &workers->workers[workers->started];
		int error = pinned ? start_pinned(worker) : pthread_create(&worker->thread, NULL, work, worker);

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
	if (gates_hold(&workers->gates, on_hold))
		send_to_all(workers, MAIL_HOLD);
}

void
workers_hold_listener(struct workers *workers, int listener, bool on_hold)
{
	if (gates_hold_listener(&workers->gates, listener, on_hold))
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
	return gates_are_closed(&workers->gates) && table_places_taken(workers->track->table) == 0;
}

void
workers_shutdown(struct workers *workers)
{
	send_to_all(workers, MAIL_SHUTDOWN);
	for (int i = 0; i < workers->started; i++)
		pthread_join(workers->workers[i].thread, NULL);
	for (int i = workers->started; i < workers->count; i++)
		entrances_close(&workers->workers[i].entrances); /* its thread could not be started */
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
	gates_fini(&workers->gates);
	free(workers);
}
