/* SPDX-License-Identifier: MIT */
#include "track/census.h"

#include <string.h>
#include "base/clock.h"

enum { LOOKS_A_GLANCE = 64 }; /* at records, before the clock is asked again */

const int census_threshold_seconds[CENSUS_THRESHOLDS] = { 10, 60, 300, 3600 };

void
census_begin(struct census *census, int64_t now_ns)
{
	memset(census, 0, sizeof(*census));
	census->now_ns = now_ns;
	for (int i = 0; i < PAIRS_MAX; i++)
		census->pairs[i].oldest_ns = census->pairs[i].idlest_ns = -1;
}

/* What came after the census began is of no age. */
static void
count_ages(struct census_pair *pair, const struct record *record, int64_t now_ns)
{
	int64_t quiet_since = record->last_payload_ns != 0 ? record->last_payload_ns : record->opened_ns;
	int64_t age = now_ns > record->opened_ns ? now_ns - record->opened_ns : 0;
	int64_t idle = now_ns > quiet_since ? now_ns - quiet_since : 0;

	if (age > pair->oldest_ns)
		pair->oldest_ns = age;
	if (idle > pair->idlest_ns)
		pair->idlest_ns = idle;
	for (int i = 0; i < CENSUS_THRESHOLDS; i++)
		pair->idle[i] += idle >= census_threshold_seconds[i] * NS_PER_S;
}

static void
count(struct census *census, const struct record *record)
{
	struct census_pair *pair = &census->pairs[record->listener];

	census->all++;
	census->states[record->state]++;
	pair->all++;
	pair->states[record->state]++;
	count_ages(pair, record, census->now_ns);
	if (!record->target_chosen)
		return;
	pair->chosen[record->target]++;
	pair->ports[record->target] += record->legs[LEG_UPSTREAM].fd != -1;
}

bool
census_go_on(struct census *census, const struct table *table, int64_t until_ns)
{
	union record_words copy;

	for (unsigned looks = 1;; looks++) {
		switch (table_step(table, &census->at, &copy, false)) {
		case TABLE_STEP_FOUND:
			count(census, &copy.record);
			break;
		case TABLE_STEP_NONE: /* many slots were looked at */
			looks = 0;
			break;
		case TABLE_STEP_END:
			return true;
		}
		if (looks % LOOKS_A_GLANCE == 0 && clock_now() >= until_ns)
			return false;
	}
}
