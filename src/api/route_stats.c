/* SPDX-License-Identifier: MIT */
#include "api/documents.h"
#include "api/followers.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/json.h"
#include "net/ports.h"
#include "track/census.h"

static void
add_states(json_t *it, const uint64_t states[CONN_STATES])
{
	json_t *by_state = json_add_object(it, "connections_by_state");

	for (int state = 0; state < CONN_CLOSED; state++)
		json_add_count(by_state, conn_state_text((enum conn_state)state), states[state]);
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
			json_add_count(it, "ports", census->pairs[i].ports[target]);
			json_array_append_new(list, it);
		}
	}
}

/* Their names are those of the totals. */
static void
add_pair_counts(json_t *it, const struct pair_facts *facts)
{
	uint64_t all = 0;

	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		all += facts->closed_by[why];
	json_add_count(it, "connections_closed", all);
	json_t *closed = json_add_object(it, "connections_closed_by_reason");
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		json_add_count(closed, close_meanings[why].text, facts->closed_by[why]);
	json_add_count(it, "client_bytes_received", facts->received[LEG_CLIENT]);
	json_add_count(it, "client_bytes_sent", facts->sent[LEG_CLIENT]);
	json_add_count(it, "upstream_bytes_received", facts->received[LEG_UPSTREAM]);
	json_add_count(it, "upstream_bytes_sent", facts->sent[LEG_UPSTREAM]);
	json_add_count(it, "undelivered_to_client_bytes", facts->undelivered[LEG_CLIENT]);
	json_add_count(it, "undelivered_to_upstream_bytes", facts->undelivered[LEG_UPSTREAM]);
	json_add_count(it, "client_segments_sent", facts->segments_sent[LEG_CLIENT]);
	json_add_count(it, "client_segments_retransmitted", facts->segments_retransmitted[LEG_CLIENT]);
	json_add_count(it, "upstream_segments_sent", facts->segments_sent[LEG_UPSTREAM]);
	json_add_count(it, "upstream_segments_retransmitted", facts->segments_retransmitted[LEG_UPSTREAM]);
}

static void
add_pair_histograms(json_t *it, const struct track *track, int pair)
{
	static const char *const names[PAIR_HISTOGRAMS] = {
		[PAIR_DURATIONS] = "duration_us",
		[PAIR_CONNECTS] = "connect_us",
		[PAIR_CLIENT_RTTS] = "client_rtt_us",
		[PAIR_UPSTREAM_RTTS] = "upstream_rtt_us",
	};
	struct histogram_sum turns = { .count = 0 };

	for (int i = 0; i < PAIR_HISTOGRAMS; i++) {
		struct histogram_sum sum = { .count = 0 };

		pairs_add_histogram(track->pairs, pair, (enum pair_histogram)i, &sum);
		json_object_set_new(it, names[i], document_of_percentiles(&sum));
	}
	listeners_add_turns(track->listeners, pair, &turns);
	json_object_set_new(it, "turn_us", document_of_percentiles(&turns));
}

static void
add_pair(json_t *list, const struct track *track, const struct census *census, int pair)
{
	const struct census_pair *open = &census->pairs[pair];
	struct pair_facts facts = { .received = { 0 } };
	struct listener_facts listener;
	json_t *it = json_object();

	pairs_add(track->pairs, pair, &facts);
	listeners_read(track->listeners, pair, &listener);
	json_add_text(it, "name", track->settings->listeners[pair].name);
	json_add_text(it, "upstream", track->settings->upstreams[pair].name);
	json_add_count(it, "connections_accepted", listener.accepted);
	json_add_count(it, "connections_active", open->all);
	add_states(it, open->states);
	json_add_known(it, "oldest_age_us", open->oldest_ns < 0 ? -1 : open->oldest_ns / NS_PER_US);
	json_add_known(it, "longest_idle_us", open->idlest_ns < 0 ? -1 : open->idlest_ns / NS_PER_US);
	add_pair_counts(it, &facts);
	add_pair_histograms(it, track, pair);
	json_array_append_new(list, it);
}

static void
add_sums(json_t *stats, const struct track *track)
{
	int workers = track->settings->workers;
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
		json_add_count(totals, total_meanings[total].text, track_total(track, (enum total)total));
}

/* Counted in one walk over the table: what is open agrees with each other and with what /conns lists. */
void
route_stats(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	const struct followers_totals *followers = followers_totals(request->followers);
	struct census census;
	json_t *stats = json_object();

	census_begin(&census, clock_now());
	census_go_on(&census, track->table, INT64_MAX);
	json_add_instant(stats, "time", clock_wall_us());
	json_add_instant(stats, "started_at", track->started_at_us);
	json_add_count(stats, "uptime_us", (uint64_t)((clock_now() - track->started_ns) / NS_PER_US));
	json_add_count(stats, "connections_active", census.all);
	json_add_count(stats, "connections_max", table_max_conns(track->table));
	add_states(stats, census.states);
	add_sums(stats, track);
	json_t *listeners = json_add_array(stats, "listeners");
	for (int pair = 0; pair < track->settings->pair_count; pair++)
		add_pair(listeners, track, &census, pair);
	add_ports(stats, &census, track->settings);
	json_add_known(stats, "time_wait_sockets", ports_in_time_wait());
	json_add_count(
	    stats, "buffer_memory_bytes", track->settings->buffer_memory * (uint64_t)track->settings->workers);
	json_add_count(stats, "followers", (uint64_t)followers->now);
	json_add_count(stats, "followers_refused", followers->refused);
	json_add_count(stats, "followers_cut", followers->cut);
	json_add_count(stats, "events_missed", followers->missed);
	json_add_count(stats, "log_lines_dropped", log_dropped());
	json_add_count(stats, "orders_refused", orders_refused(track->orders));
	reply_document(reply, stats);
}
