/* SPDX-License-Identifier: MIT */
#include "track/suspicions.h"

#include <stdlib.h>
#include "track/idle_cutoffs.h"
#include "track/target_failures.h"
#include "track/unfinished.h"

struct suspicions {
	const struct settings *settings;
	int same_name[PAIRS_MAX]; /* the first upstream that is called as this one */
	struct idle_cutoffs *idle_cutoffs;
	struct unfinished *unfinished;
	struct target_failures *target_failures;
	struct port_usage *port_usage;
};

struct suspicions *
suspicions_new(const struct settings *settings)
{
	struct suspicions *it = calloc(1, sizeof(*it));

	if (it == NULL)
		return NULL;
	it->settings = settings;
	for (int i = 0; i < settings->pair_count; i++)
		it->same_name[i] = sighting_upstream(settings, i);
	it->idle_cutoffs = idle_cutoffs_new(settings->pair_count);
	it->unfinished = unfinished_new(settings);
	it->target_failures = target_failures_new(settings);
	it->port_usage = port_usage_new(settings);
	if (it->idle_cutoffs == NULL || it->unfinished == NULL || it->target_failures == NULL ||
	    it->port_usage == NULL) {
		suspicions_free(it);
		return NULL;
	}
	return it;
}

void
suspicions_free(struct suspicions *suspicions)
{
	if (suspicions == NULL)
		return;
	idle_cutoffs_free(suspicions->idle_cutoffs);
	unfinished_free(suspicions->unfinished);
	target_failures_free(suspicions->target_failures);
	port_usage_free(suspicions->port_usage);
	free(suspicions);
}

void
suspicions_take(struct suspicions *suspicions, const struct record *record, const struct story_attempt *attempts,
    int attempt_count, uint32_t weight)
{
	struct sighting it = sighting_of(
	    suspicions->settings, suspicions->same_name[record->upstream], record, attempts, attempt_count, weight);

	if (record->kind == KIND_REJECTED)
		return;
	idle_cutoffs_take(suspicions->idle_cutoffs, &it);
	unfinished_take(suspicions->unfinished, &it);
	target_failures_take(suspicions->target_failures, &it);
	port_usage_take(suspicions->port_usage, &it);
}

void
suspicions_begin_live(struct suspicions *suspicions)
{
	unfinished_begin_live(suspicions->unfinished);
	target_failures_begin_live(suspicions->target_failures);
	port_usage_begin_live(suspicions->port_usage);
}

void
suspicions_take_live(struct suspicions *suspicions, const struct record *record, const struct story_attempt *attempts,
    int attempt_count, int64_t now_ns)
{
	struct sighting it = sighting_of(
	    suspicions->settings, suspicions->same_name[record->upstream], record, attempts, attempt_count, 1);

	unfinished_take_live(suspicions->unfinished, &it, now_ns);
	target_failures_take_live(suspicions->target_failures, &it, now_ns);
	port_usage_take_live(suspicions->port_usage, &it, now_ns);
}

void
suspicions_judge(struct suspicions *suspicions, const struct port_limits *limits, const struct moment *moment,
    struct findings_list *list)
{
	idle_cutoffs_judge(suspicions->idle_cutoffs, moment, list);
	unfinished_judge(suspicions->unfinished, moment, list);
	target_failures_judge(suspicions->target_failures, moment, list);
	port_usage_judge(suspicions->port_usage, limits, moment, list);
}
