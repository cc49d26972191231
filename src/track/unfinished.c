/* SPDX-License-Identifier: MIT */
#include "track/unfinished.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/share.h"
#include "track/recent.h"

#define SPAN_NS (UNFINISHED_WINDOW_NS / (RECENT_BUCKETS - 1))
#define LATE_NS (60 * NS_PER_S)
#define SHARE   0.1

enum { ALL, CUT };

/* One side of an upstream's connections, as the one that is to finish. */
struct late_side {
	struct recent recent; /* of those that have closed */
	int64_t last_cut_ns;
	uint64_t half_closed, waiting; /* that live */
	int64_t longest_ns;
};

struct unfinished {
	int upstreams;
	int64_t late_ns; /* who waits so long is late */
	struct late_side sides[][LEG_COUNT];
};

struct unfinished *
unfinished_new(const struct settings *settings)
{
	size_t upstreams = (size_t)settings->pair_count;
	struct unfinished *it = calloc(1, sizeof(*it) + upstreams * sizeof(it->sides[0]));
	int64_t half = settings->half_close_timeout_ns / 2;

	if (it == NULL)
		return NULL;
	it->upstreams = settings->pair_count;
	it->late_ns = half > 0 && half < LATE_NS ? half : LATE_NS;
	return it;
}

void
unfinished_free(struct unfinished *unfinished)
{
	free(unfinished);
}

/* Who was to finish, after the other had; LEG_NONE: neither had, or both at once. */
static enum leg_name
second(const struct record *record)
{
	int64_t client = record->legs[LEG_CLIENT].fin_received_us;
	int64_t upstream = record->legs[LEG_UPSTREAM].fin_received_us;

	if (record->close.reason == WHY_HALF_CLOSE_TIMEOUT)
		return (enum leg_name)record->close.leg;
	if (client == upstream)
		return LEG_NONE;
	if (client == RECORD_UNKNOWN || upstream == RECORD_UNKNOWN)
		return client == RECORD_UNKNOWN ? LEG_CLIENT : LEG_UPSTREAM;
	return client < upstream ? LEG_UPSTREAM : LEG_CLIENT;
}

void
unfinished_take(struct unfinished *unfinished, const struct sighting *sighting)
{
	const struct record *record = sighting->record;
	enum leg_name leg = second(record);

	if (record->kind != KIND_PROXY || leg == LEG_NONE)
		return;
	struct late_side *side = &unfinished->sides[sighting->upstream][leg];
	recent_add(&side->recent, SPAN_NS, record->closed_ns, ALL, 1);
	if (record->close.reason != WHY_HALF_CLOSE_TIMEOUT)
		return;
	recent_add(&side->recent, SPAN_NS, record->closed_ns, CUT, 1);
	side->last_cut_ns = record->closed_ns > side->last_cut_ns ? record->closed_ns : side->last_cut_ns;
}

void
unfinished_begin_live(struct unfinished *unfinished)
{
	for (int i = 0; i < unfinished->upstreams; i++) {
		for (int leg = 0; leg < LEG_COUNT; leg++) {
			struct late_side *side = &unfinished->sides[i][leg];

			side->half_closed = side->waiting = 0;
			side->longest_ns = 0;
		}
	}
}

/* The timer counts from the FIN, or the last payload behind it; so do we. */
void
unfinished_take_live(struct unfinished *unfinished, const struct sighting *sighting, int64_t now_ns)
{
	const struct record *record = sighting->record;
	enum leg_name first = record->state == CONN_CLIENT_HALF_CLOSED ? LEG_CLIENT : LEG_UPSTREAM;

	if (record->state != CONN_CLIENT_HALF_CLOSED && record->state != CONN_UPSTREAM_HALF_CLOSED)
		return;
	struct late_side *side = &unfinished->sides[sighting->upstream][leg_other(first)];
	int64_t since = record->opened_ns + record->legs[first].fin_received_us * NS_PER_US;
	since = record->last_payload_ns > since ? record->last_payload_ns : since;
	side->half_closed++;
	side->waiting += now_ns - since >= unfinished->late_ns;
	side->longest_ns = now_ns - since > side->longest_ns ? now_ns - since : side->longest_ns;
}

static void
judge(const struct unfinished *it, int upstream, enum leg_name leg, const struct moment *moment,
    struct findings_list *list)
{
	const struct late_side *side = &it->sides[upstream][leg];
	int64_t since = moment->now_ns - UNFINISHED_WINDOW_NS;
	uint64_t cut = recent_sum(&side->recent, SPAN_NS, since, CUT);
	uint64_t all = recent_sum(&side->recent, SPAN_NS, since, ALL) + side->half_closed;
	struct finding finding;

	if (cut + side->waiting < UNFINISHED_LEAST || share_at_least(cut + side->waiting, all) < SHARE)
		return;
	memset(&finding, 0, sizeof(finding));
	finding.kind = FINDING_NEVER_FINISHES;
	finding.severity = SEVERITY_WARNING;
	finding.side = (uint8_t)leg;
	finding.upstream = (uint16_t)upstream;
	finding.target = FINDING_NO_TARGET;
	finding.first_seen_us = moment->wall_us;
	finding.last_seen_us = side->waiting > 0 ? moment->wall_us : moment_wall_of(moment, side->last_cut_ns);
	finding.unfinished.cut = cut;
	finding.unfinished.waiting = side->waiting;
	finding.unfinished.half_closed = all;
	finding.unfinished.late_us = it->late_ns / NS_PER_US;
	finding.unfinished.longest_us = side->longest_ns / NS_PER_US;
	findings_add(list, &finding);
}

void
unfinished_judge(const struct unfinished *unfinished, const struct moment *moment, struct findings_list *list)
{
	for (int upstream = 0; upstream < unfinished->upstreams; upstream++) {
		for (int leg = 0; leg < LEG_COUNT; leg++)
			judge(unfinished, upstream, (enum leg_name)leg, moment, list);
	}
}
