/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "api/followers.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/json.h"
#include "net/ports.h"

/* Counted in one walk over the table: the counts agree with each other and with what /conns lists. */
struct census {
	uint64_t all, states[CONN_STATES];
	uint64_t ports[PAIRS_MAX][TARGETS_MAX]; /* upstream legs that are open, by target */
};

static void
count(struct census *census, const struct track *track)
{
	struct table_cursor cursor = { 0 };
	union record_words copy;

	memset(census, 0, sizeof(*census));
	for (; table_next(track->table, &cursor, &copy); census->all++) {
		const struct record *record = &copy.record;

		census->states[record->state]++;
		if (record->target_chosen && record->legs[LEG_UPSTREAM].fd != -1)
			census->ports[record->upstream][record->target]++;
	}
}

/* A Unix target knows no ports. */
static void
add_ports(json_t *stats, const struct census *census, const struct settings *settings)
{
	json_t *list = json_add_array(stats, "source_ports_in_use");

	for (int i = 0; i < settings->pair_count; i++) {
		const struct upstream_setting *upstream = &settings->upstreams[i];

		for (int target = 0; target < upstream->target_count; target++) {
			if (addr_is_unix(&upstream->targets[target].addr))
				continue;
			json_t *it = json_object();
			json_add_text(it, "upstream", upstream->name);
			json_add_text(it, "target", upstream->targets[target].name);
			json_add_count(it, "ports", census->ports[i][target]);
			json_array_append_new(list, it);
		}
	}
}

void
route_stats(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	const struct followers_totals *followers = followers_totals(request->followers);
	int workers = track->settings->workers;
	struct census census;
	json_t *stats = json_object();

	count(&census, track);
	json_add_instant(stats, "time", clock_wall_us());
	json_add_instant(stats, "started_at", track->started_at_us);
	json_add_count(stats, "uptime_us", (uint64_t)((clock_now() - track->started_ns) / NS_PER_US));
	json_add_count(stats, "connections_active", census.all);
	json_add_count(stats, "connections_max", table_max_conns(track->table));
	json_t *by_state = json_add_object(stats, "connections_by_state");
	for (int state = 0; state < CONN_CLOSED; state++)
		json_add_count(by_state, conn_state_text((enum conn_state)state), census.states[state]);
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
	add_ports(stats, &census, track->settings);
	json_add_known(stats, "time_wait_sockets", ports_in_time_wait());
	json_add_count(stats, "buffer_memory_bytes", track->settings->buffer_memory * (uint64_t)workers);
	json_add_count(stats, "followers", (uint64_t)followers->now);
	json_add_count(stats, "followers_refused", followers->refused);
	json_add_count(stats, "followers_cut", followers->cut);
	json_add_count(stats, "events_missed", followers->missed);
	json_add_count(stats, "log_lines_dropped", log_dropped());
	json_add_count(stats, "orders_refused", orders_refused(track->orders));
	reply_document(reply, stats);
}
