/* SPDX-License-Identifier: MIT */
#include "api/followers.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/json.h"

/* Counted in one walk over the table: the counts agree with each other and with what /conns lists. */
static uint64_t
count_states(const struct track *track, uint64_t states[CONN_STATES])
{
	struct table_cursor cursor = { 0 };
	union record_words copy;
	uint64_t all = 0;

	for (; table_next(track->table, &cursor, &copy); all++)
		states[copy.record.state]++;
	return all;
}

void
route_stats(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	const struct followers_totals *followers = followers_totals(request->followers);
	int workers = track->settings->workers;
	uint64_t states[CONN_STATES] = { 0 }, active = count_states(track, states);
	json_t *stats = json_object();

	json_add_instant(stats, "time", clock_wall_us());
	json_add_instant(stats, "started_at", track->started_at_us);
	json_add_count(stats, "uptime_us", (uint64_t)((clock_now() - track->started_ns) / NS_PER_US));
	json_add_count(stats, "connections_active", active);
	json_add_count(stats, "connections_max", table_max_conns(track->table));
	json_t *by_state = json_add_object(stats, "connections_by_state");
	for (int state = 0; state < CONN_CLOSED; state++)
		json_add_count(by_state, conn_state_text((enum conn_state)state), states[state]);
	json_t *closed = json_add_object(stats, "connections_closed_by_reason");
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		json_add_count(closed, close_meanings[why].text,
		    totals_sum_closed(track->totals, workers, (enum close_reason)why));
	json_t *as = json_add_object(stats, "connections_closed_by_kind");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		json_add_count(as, record_kind_text((enum record_kind)kind),
		    totals_sum_kind(track->totals, workers, (enum record_kind)kind));
	json_t *totals = json_add_object(stats, "totals");
	for (int total = 0; total < TOTAL_COUNT; total++)
		json_add_count(
		    totals, total_meanings[total].text, totals_sum(track->totals, workers, (enum total)total));
	json_add_count(stats, "buffer_memory_bytes", track->settings->buffer_memory * (uint64_t)workers);
	json_add_count(stats, "followers", (uint64_t)followers->now);
	json_add_count(stats, "followers_refused", followers->refused);
	json_add_count(stats, "followers_cut", followers->cut);
	json_add_count(stats, "events_missed", followers->missed);
	json_add_count(stats, "log_lines_dropped", log_dropped());
	json_add_count(stats, "orders_refused", orders_refused(track->orders));
	reply_document(reply, stats);
}
