/* SPDX-License-Identifier: MIT */
#ifndef PROXY_WORKBENCH_H
#define PROXY_WORKBENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "net/loop.h"
#include "net/tcp_info.h"
#include "proxy/manners.h"
#include "proxy/newcomers.h"
#include "proxy/pump.h"
#include "track/track.h"
#include "upstream/group.h"

struct admission;
struct conn;

/*
 * What the connections of one worker work with and have in common.  Owned by
 * the worker's thread, used by no other.
 */
struct workbench {
	int number; /* the worker's */
	struct loop *loop;
	struct track *track;
	const struct settings *settings;
	struct totals *totals;
	struct table_slots slots;
	struct histogram *turns;           /* of each listener's clients */
	struct pair_counts *pairs;         /* of each listener with its upstream */
	struct group *const *groups;       /* one for each upstream of the settings */
	struct manners manners;            /* of upstream legs … */
	struct manners manners_at_connect; /* … and what of them is set at once */
	struct admission *admission;       /* one for all workers */
	unsigned next_source;              /* round robin over settings->sources */

	/* What the look that found a connection through with everything was told, for its farewell. */
	struct last_look {
		const struct conn *of; /* NULL: there is none */
		bool known[LEG_COUNT];
		struct tcp_facts facts[LEG_COUNT];
	} last_look;

	struct newcomers newcomers; /* the sampler's */
	struct pump_tools tools;
	int64_t talked_at; /* when a direction that carries little last did; 0: never … */
	uint32_t talker;   /* … and the slot of its connection */

	struct conn *conns; /* conns[slot] belongs to the record of that slot */
	uint32_t conns_touched, conns_open;
	struct flow_end *destinations;         /* by slot: where the client that a PROXY header named had connected to;
	                                  NULL unless one is read and one is written */
	struct record *draft;                  /* of the connection that is being changed */
	SLIST_HEAD(, conn) touched;            /* this turn: counters to publish, or a slot to release */
	void (*on_place_free)(void *argument); /* a connection gave its place back */
	void *argument;
};

/* 0 or -ENOMEM; then nothing is left.  Admission and the call-back are the caller's to set. */
int workbench_init(
    struct workbench *bench, int number, struct track *track, struct group *const *groups, struct loop *loop);
void workbench_fini(struct workbench *bench);

#endif
