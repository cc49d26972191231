/* SPDX-License-Identifier: MIT */
#include "api/lookup.h"

#include <time.h>
#include "base/clock.h"
#include "track/conn_id.h"

#define REFRESH_NS (50 * NS_PER_MS)

/* Its worker is asked to look at it now.  One that is stuck is not waited for: then the last look must do. */
static void
refresh(const struct track *track, uint64_t id, union record_words *copy)
{
	const struct timespec nap = { .tv_nsec = 50 * NS_PER_US };
	int64_t asked = clock_now();

	if (!orders_post(track->orders, &(struct admin_order){ .kind = ORDER_REFRESH, .id = id }))
		return;
	while (clock_now() - asked < REFRESH_NS) {
		if (table_find(track->table, id, copy) != TABLE_FOUND || copy->record.state == CONN_CLOSED ||
		    copy->record.sampled_ns >= asked)
			return;
		nanosleep(&nap, NULL);
	}
}

/* The table first: what leaves it stands in the history already. */
bool
lookup_conn(const struct request *request, bool fresh, union record_words *copy, struct reply *reply)
{
	const struct track *track = request->track;
	uint64_t boot, id;
	enum table_answer answer = TABLE_NEVER;

	if (conn_id_parse(request->name, &boot, &id) && boot == track->boot)
		answer = table_find(track->table, id, copy);
	if (answer == TABLE_FOUND && copy->record.state != CONN_CLOSED && fresh) {
		refresh(track, id, copy);
		answer = table_find(track->table, id, copy);
	}
	if (answer == TABLE_FOUND || (answer == TABLE_GONE && history_find(track->history, id, copy)))
		return true;
	if (answer == TABLE_GONE)
		reply_problem(reply, PROBLEM_CONNECTION_GONE, NULL,
		    "It was closed, and later ones have taken its place in the history "
		    "(--history keeps more, though no more probes).");
	else
		reply_problem(reply, PROBLEM_UNKNOWN_CONNECTION, NULL,
		    "This start of the process never gave the id \"%s\".", request->name);
	return false;
}
