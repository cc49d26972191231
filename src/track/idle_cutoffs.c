/* SPDX-License-Identifier: MIT */
#include "track/idle_cutoffs.h"

#include <stdlib.h>
#include <string.h>

enum { ENDS_MAX = 128 };

struct idle_end {
	int64_t at_ns;
	int64_t idle_us; /* RECORD_UNKNOWN: it ended otherwise */
	uint32_t client; /* its address, as a number that few others share */
	bool unanswered;
};

/* The last ends of one group. */
struct idle_ring {
	uint32_t next, count;
	struct idle_end ends[ENDS_MAX];
};

enum group { CLIENT_RESETS, UPSTREAM_RESETS, UPSTREAM_FINS, GROUPS };

static const struct {
	uint8_t side, aspect, severity;
	uint32_t least;  /* so many at one time … */
	uint32_t tenths; /* … and of all in the group such a share */
} groups[GROUPS] = {
	[CLIENT_RESETS] = { LEG_CLIENT, ASPECT_RESET, SEVERITY_WARNING, IDLE_ENDS_LEAST, 7 },
	[UPSTREAM_RESETS] = { LEG_UPSTREAM, ASPECT_RESET, SEVERITY_WARNING, IDLE_ENDS_LEAST, 7 },
	[UPSTREAM_FINS] = { LEG_UPSTREAM, ASPECT_FIN, SEVERITY_INFO, IDLE_FINS_LEAST, 8 },
};

struct idle_cutoffs {
	int upstreams;
	struct idle_ring rings[][GROUPS];
};

struct idle_cutoffs *
idle_cutoffs_new(int upstreams)
{
	struct idle_cutoffs *cutoffs = calloc(1, sizeof(*cutoffs) + (size_t)upstreams * sizeof(cutoffs->rings[0]));

	if (cutoffs != NULL)
		cutoffs->upstreams = upstreams;
	return cutoffs;
}

void
idle_cutoffs_free(struct idle_cutoffs *cutoffs)
{
	free(cutoffs);
}

/* FNV-1a */
static uint32_t
number_of(const struct record *record)
{
	const struct flow_end *client = record->client_protocol == FLOW_TCP ? &record->client
									    : &record->legs[LEG_CLIENT].flow.source;
	uint32_t number = 2166136261;

	for (size_t i = 0; i < sizeof(client->ip); i++)
		number = (number ^ client->ip[i]) * 16777619;
	return number;
}

static void
add(struct idle_ring *ring, const struct record *record, int64_t idle_us)
{
	ring->ends[ring->next] = (struct idle_end){
		.at_ns = record->closed_ns,
		.idle_us = idle_us,
		.client = number_of(record),
		.unanswered = record->close.speaker == LEG_CLIENT,
	};
	ring->next = (ring->next + 1) % ENDS_MAX;
	ring->count += ring->count < ENDS_MAX;
}

void
idle_cutoffs_take(struct idle_cutoffs *cutoffs, const struct sighting *sighting)
{
	const struct record *record = sighting->record;
	struct idle_ring *rings = cutoffs->rings[sighting->upstream];
	enum close_reason why = (enum close_reason)record->close.reason;
	bool silent = record->close.idle_us >= IDLE_LEAST_US;

	/* What an admin ends says nothing, nor does what never began. */
	if (record->kind != KIND_PROXY || record->connect_us == RECORD_UNKNOWN ||
	    close_meanings[why].initiator == BY_ADMIN)
		return;
	if (why == WHY_CLIENT_RESET && silent)
		add(&rings[CLIENT_RESETS], record, record->close.idle_us);
	if (why == WHY_UPSTREAM_RESET && silent)
		add(&rings[UPSTREAM_RESETS], record, record->close.idle_us);
	add(&rings[UPSTREAM_FINS], record, why == WHY_UPSTREAM_FIN && silent ? record->close.idle_us : RECORD_UNKNOWN);
}

/* Timers have rounds of their own, and news need a moment: 3 %, or 20 ms where that is more. */
static int64_t
width(int64_t idle_us)
{
	return idle_us * 3 / 100 > 20000 ? idle_us * 3 / 100 : 20000;
}

static int
by_idle(const void *a, const void *b)
{
	int64_t x = ((const struct idle_end *)a)->idle_us, y = ((const struct idle_end *)b)->idle_us;

	return (x > y) - (x < y);
}

struct cluster {
	const struct idle_end *ends;
	uint32_t count;
};

/* The most that lie close together, of ends in order. */
static struct cluster
find_cluster(const struct idle_end *ends, uint32_t count)
{
	struct cluster best = { .ends = ends };

	for (uint32_t first = 0, end = 0; first < count; first++) {
		while (end < count && ends[end].idle_us <= ends[first].idle_us + width(ends[first].idle_us))
			end++;
		if (end - first > best.count)
			best = (struct cluster){ &ends[first], end - first };
	}
	return best;
}

static void
describe(struct finding *finding, const struct cluster *cluster, const struct moment *moment)
{
	const struct idle_end *ends = cluster->ends;
	int64_t low = ends[0].idle_us, middle = ends[cluster->count / 2].idle_us;
	int64_t high = ends[cluster->count - 1].idle_us, last = ends[0].at_ns;

	for (uint32_t i = 0; i < cluster->count; i++) {
		bool is_new = true;

		for (uint32_t before = 0; before < i; before++)
			is_new = is_new && ends[before].client != ends[i].client;
		finding->idle.clients += is_new;
		finding->idle.unanswered += ends[i].unanswered;
		last = ends[i].at_ns > last ? ends[i].at_ns : last;
	}
	finding->idle.ends = cluster->count;
	finding->idle.idle_us = middle;
	finding->idle.spread_us = high - middle > middle - low ? high - middle : middle - low;
	finding->idle.idle_min_us = low;
	finding->idle.idle_max_us = high;
	finding->last_seen_us = moment_wall_of(moment, last);
}

static void
judge(const struct idle_ring *ring, int upstream, enum group group, const struct moment *moment,
    struct findings_list *list)
{
	struct idle_end ends[ENDS_MAX];
	struct finding finding;
	uint32_t count = 0, all = 0;

	for (uint32_t i = 0; i < ring->count; i++) {
		if (moment->now_ns - ring->ends[i].at_ns > IDLE_WINDOW_NS)
			continue;
		all++;
		if (ring->ends[i].idle_us != RECORD_UNKNOWN)
			ends[count++] = ring->ends[i];
	}
	if (count < groups[group].least)
		return;
	qsort(ends, count, sizeof(ends[0]), by_idle);
	struct cluster cluster = find_cluster(ends, count);
	if (cluster.count < groups[group].least || cluster.count * 10 < all * groups[group].tenths)
		return;
	memset(&finding, 0, sizeof(finding));
	finding.kind = FINDING_IDLE_CUTOFF;
	finding.severity = groups[group].severity;
	finding.aspect = groups[group].aspect;
	finding.side = groups[group].side;
	finding.upstream = (uint16_t)upstream;
	finding.target = FINDING_NO_TARGET;
	finding.first_seen_us = moment->wall_us;
	finding.idle.of_ends = all;
	describe(&finding, &cluster, moment);
	findings_add(list, &finding);
}

void
idle_cutoffs_judge(const struct idle_cutoffs *cutoffs, const struct moment *moment, struct findings_list *list)
{
	for (int upstream = 0; upstream < cutoffs->upstreams; upstream++) {
		for (int group = 0; group < GROUPS; group++)
			judge(&cutoffs->rings[upstream][group], upstream, (enum group)group, moment, list);
	}
}
