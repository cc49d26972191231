/* SPDX-License-Identifier: MIT */
#include "proxy/workbench.h"

#include <errno.h>
#include <stdlib.h>

/* Whoever may be idle for longer than this gets its keepalive with the sampler's first look, which comes sooner. */
enum { KEEPALIVE_AT_ONCE_SECONDS = 10 };

int
workbench_init(struct workbench *bench, int number, struct track *track, struct group *const *groups, struct loop *loop)
{
	const struct settings *settings = track->settings;

	*bench = (struct workbench){
		.number = number,
		.loop = loop,
		.track = track,
		.settings = settings,
		.totals = &track->totals[number],
		.slots = table_slots(track->table, number),
		.turns = listeners_turns(track->listeners, number),
		.pairs = pairs_of_worker(track->pairs, number),
		.groups = groups,
		.tools = {
			.loans = loans_new(settings->buffer_memory / LOAN_SIZE),
			.big = malloc(PUMP_RUN_MAX),
			.pipes = settings->datapath == WISH_COPY ? NULL : pipes_new(settings->pipes),
			.always_splice = settings->datapath == WISH_SPLICE,
		},
	};
	manners_init(&bench->manners, settings); /* a refusal was told when the listeners opened */
	bench->manners_at_connect = bench->manners;
	if (bench->manners.others.idle_seconds > KEEPALIVE_AT_ONCE_SECONDS)
		bench->manners_at_connect.others.idle_seconds = bench->manners_at_connect.loopback.idle_seconds = 0;
	SLIST_INIT(&bench->touched);
	newcomers_start(&bench->newcomers, bench);
	if (bench->tools.loans != NULL && bench->tools.big != NULL &&
	    (bench->tools.pipes != NULL || settings->datapath == WISH_COPY))
		return 0;
	workbench_fini(bench);
	return -ENOMEM;
}

void
workbench_fini(struct workbench *bench)
{
	if (bench->tools.loans != NULL)
		loans_free(bench->tools.loans);
	if (bench->tools.pipes != NULL)
		pipes_free(bench->tools.pipes);
	free(bench->tools.big);
	bench->tools = (struct pump_tools){ .loans = NULL };
}
