/* SPDX-License-Identifier: MIT */
#include "track/target_failures.h"

#include <stdlib.h>
#include <string.h>
#include "base/share.h"
#include "net/socket.h"
#include "track/recent.h"

#define SPAN_NS (TARGET_WINDOW_NS / (RECENT_BUCKETS - 1))

#define SHARE_LEAST 0.1

enum count { TRIED, REFUSED, TIMED_OUT, UNREACHABLE, OTHER, ENDED, RESET, LOST, COUNTS };
_Static_assert((int)COUNTS <= (int)RECENT_COUNTS, "each has its place");

struct target_counts {
	struct recent closed;
	uint64_t live[COUNTS];
	int64_t last_ns[2]; /* the last failure: of connects, of established ones */
};

struct target_failures {
	const struct settings *settings;
	int first[PAIRS_MAX]; /* of each upstream's targets */
	struct target_counts targets[];
};

struct target_failures *
target_failures_new(const struct settings *settings)
{
	struct target_failures *it;
	size_t targets = 0;

	for (int i = 0; i < settings->pair_count; i++)
		targets += (size_t)settings->upstreams[i].target_count;
	it = calloc(1, sizeof(*it) + targets * sizeof(it->targets[0]));
	if (it == NULL)
		return NULL;
	it->settings = settings;
	for (int i = 1; i < settings->pair_count; i++)
		it->first[i] = it->first[i - 1] + settings->upstreams[i - 1].target_count;
	return it;
}

void
target_failures_free(struct target_failures *failures)
{
	free(failures);
}

static enum count
count_of(int error)
{
	switch (attempt_result((uint16_t)error, CONNECT_CONNECT)) {
	case ATTEMPT_REFUSED:
		return REFUSED;
	case ATTEMPT_TIMEOUT:
		return TIMED_OUT;
	case ATTEMPT_UNREACHABLE:
		return UNREACHABLE;
	default:
		return OTHER;
	}
}

static void
note_last(struct target_counts *target, int which, int64_t at_ns)
{
	target->last_ns[which] = at_ns > target->last_ns[which] ? at_ns : target->last_ns[which];
}

void
target_failures_take(struct target_failures *failures, const struct sighting *it)
{
	const struct record *record = it->record;
	struct target_counts *targets = failures->targets + failures->first[it->upstream];

	if (it->first != -1) {
		struct target_counts *target = &targets[it->first];

		recent_add(&target->closed, SPAN_NS, record->opened_ns, TRIED, 1);
		if (it->first_error != 0) {
			recent_add(&target->closed, SPAN_NS, record->opened_ns, count_of(it->first_error), 1);
			note_last(target, 0, record->opened_ns);
		}
	}
	if (it->target == -1 || record->connect_us == RECORD_UNKNOWN || record->kind != KIND_PROXY)
		return;
	recent_add(&targets[it->target].closed, SPAN_NS, record->closed_ns, ENDED, 1);
	if (record->close.reason != WHY_UPSTREAM_RESET && record->close.reason != WHY_UPSTREAM_LOST)
		return;
	recent_add(&targets[it->target].closed, SPAN_NS, record->closed_ns,
	    record->close.reason == WHY_UPSTREAM_RESET ? RESET : LOST, 1);
	note_last(&targets[it->target], 1, record->closed_ns);
}

void
target_failures_begin_live(struct target_failures *failures)
{
	for (int i = 0; i < failures->settings->pair_count; i++) {
		for (int target = 0; target < failures->settings->upstreams[i].target_count; target++)
			memset(
			    failures->targets[failures->first[i] + target].live, 0, sizeof(failures->targets[0].live));
	}
}

/* Who lives for long would tell too late how it was connected. */
void
target_failures_take_live(struct target_failures *failures, const struct sighting *it, int64_t now_ns)
{
	if (it->first == -1 || now_ns - it->record->opened_ns > TARGET_WINDOW_NS)
		return;
	struct target_counts *target = &failures->targets[failures->first[it->upstream] + it->first];
	target->live[TRIED]++;
	if (it->first_error == 0)
		return;
	target->live[count_of(it->first_error)]++;
	note_last(target, 0, it->record->opened_ns);
}

static void
sum(const struct target_counts *target, int64_t since_ns, uint64_t counts[COUNTS])
{
	for (int what = 0; what < COUNTS; what++)
		counts[what] += target->live[what] + recent_sum(&target->closed, SPAN_NS, since_ns, what);
}

/* Trials and failures of both aspects. */
static uint64_t
tried(const uint64_t counts[COUNTS], enum finding_aspect aspect)
{
	return counts[aspect == ASPECT_CONNECTS ? TRIED : ENDED];
}

static uint64_t
failed(const uint64_t counts[COUNTS], enum finding_aspect aspect)
{
	return aspect == ASPECT_CONNECTS ? counts[REFUSED] + counts[TIMED_OUT] + counts[UNREACHABLE] + counts[OTHER]
					 : counts[RESET] + counts[LOST];
}

static bool
is_bad(const struct finding *finding)
{
	double least = share_at_least(finding->failures.failed, finding->failures.tried);
	double others = share_at_most(finding->failures.others_failed, finding->failures.others_tried);

	if (finding->failures.failed < TARGET_FAILURES_LEAST)
		return false;
	bool is_twice = finding->failures.failed * finding->failures.others_tried >=
			2 * finding->failures.others_failed * finding->failures.tried;
	return (least >= SHARE_LEAST && least > others && is_twice) ||
	       (finding->aspect == ASPECT_CONNECTS && least > 0.5);
}

/* Nobody else is there to take the clients. */
static bool
is_alone(const struct finding *finding)
{
	return finding->failures.others_failed == finding->failures.others_tried;
}

static void
judge(const struct target_failures *it, int upstream, int number, enum finding_aspect aspect,
    const struct moment *moment, struct findings_list *list)
{
	const struct target_counts *targets = it->targets + it->first[upstream];
	int64_t since = moment->now_ns - TARGET_WINDOW_NS;
	uint64_t own[COUNTS] = { 0 }, others[COUNTS] = { 0 };
	struct finding finding;

	sum(&targets[number], since, own);
	if (failed(own, aspect) < TARGET_FAILURES_LEAST)
		return;
	for (int i = 0; i < it->settings->upstreams[upstream].target_count; i++) {
		if (i != number)
			sum(&targets[i], since, others);
	}
	memset(&finding, 0, sizeof(finding));
	finding.kind = FINDING_TARGET_FAILS;
	finding.aspect = (uint8_t)aspect;
	finding.side = LEG_NONE;
	finding.upstream = (uint16_t)upstream;
	finding.target = (uint16_t)number;
	finding.first_seen_us = moment->wall_us;
	finding.last_seen_us = moment_wall_of(moment, targets[number].last_ns[aspect != ASPECT_CONNECTS]);
	finding.failures.tried = tried(own, aspect);
	finding.failures.failed = failed(own, aspect);
	finding.failures.others_tried = tried(others, aspect);
	finding.failures.others_failed = failed(others, aspect);
	if (aspect == ASPECT_CONNECTS) {
		finding.failures.refused = own[REFUSED];
		finding.failures.timed_out = own[TIMED_OUT];
		finding.failures.unreachable = own[UNREACHABLE];
		finding.failures.other = own[OTHER];
	} else {
		finding.failures.reset = own[RESET];
		finding.failures.lost = own[LOST];
	}
	finding.severity = aspect == ASPECT_CONNECTS && is_alone(&finding) ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	if (is_bad(&finding))
		findings_add(list, &finding);
}

void
target_failures_judge(const struct target_failures *failures, const struct moment *moment, struct findings_list *list)
{
	for (int i = 0; i < failures->settings->pair_count; i++) {
		for (int target = 0; target < failures->settings->upstreams[i].target_count; target++) {
			judge(failures, i, target, ASPECT_CONNECTS, moment, list);
			judge(failures, i, target, ASPECT_RESET, moment, list);
		}
	}
}
