/* SPDX-License-Identifier: MIT */
/* What /metrics tells of a listener with its upstream. */
#include "api/scrape.h"
#include "base/clock.h"
#include "export/prometheus.h"

static const char *const legs[LEG_COUNT] = { "client", "upstream" };

static void
write_leg(struct scrape *scrape, enum metric metric, const struct thing *thing, const uint64_t values[LEG_COUNT])
{
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "leg", legs[leg]);
		prometheus_count(text, values[leg]);
	}
}

static void
read_pair(const struct scrape *scrape, const struct thing *thing, struct pair_facts *facts)
{
	*facts = (struct pair_facts){ .received = { 0 } };
	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		if (thing_has_pair(thing, scrape->track->settings, pair))
			pairs_add(scrape->track->pairs, pair, facts);
	}
}

void
scrape_accepted(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct listener_facts facts;
	uint64_t sum = 0;

	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		if (!thing_has_pair(thing, scrape->track->settings, pair))
			continue;
		listeners_read(scrape->track->listeners, pair, &facts);
		sum += facts.accepted;
	}
	prometheus_count(scrape_sample(scrape, metric, thing), sum);
}

void
scrape_sides(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct pair_facts facts;

	read_pair(scrape, thing, &facts);
	switch (metric) {
	case METRIC_RECEIVED:
		write_leg(scrape, metric, thing, facts.received);
		break;
	case METRIC_SENT:
		write_leg(scrape, metric, thing, facts.sent);
		break;
	case METRIC_UNDELIVERED:
		write_leg(scrape, metric, thing, facts.undelivered);
		break;
	case METRIC_SEGMENTS_SENT:
		write_leg(scrape, metric, thing, facts.segments_sent);
		break;
	default:
		write_leg(scrape, metric, thing, facts.segments_retransmitted);
	}
}

static void
write_end(struct scrape *scrape, const struct thing *thing, const char *initiator, int why, uint64_t count)
{
	struct text *text = scrape_sample(scrape, METRIC_CLOSED, thing);

	prometheus_label(text, "initiator", initiator);
	prometheus_label(text, "reason", close_meanings[why].text);
	prometheus_count(text, count);
}

void
scrape_ends(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct pair_facts facts;

	(void)metric;
	read_pair(scrape, thing, &facts);
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++) {
		uint64_t unknown = facts.closed_by_nobody[why], all = facts.closed_by[why];

		write_end(scrape, thing, close_initiator_text(close_meanings[why].initiator), why,
		    all > unknown ? all - unknown : 0);
		if (close_initiator((enum close_reason)why, true) == BY_NOBODY)
			write_end(scrape, thing, "unknown", why, unknown);
	}
}

/* What the census says, over all pairs of the name. */
static void
read_census(const struct scrape *scrape, const struct thing *thing, struct census_pair *sum)
{
	*sum = (struct census_pair){ .oldest_ns = -1, .idlest_ns = -1 };
	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		const struct census_pair *it = &scrape->census.pairs[pair];

		if (!thing_has_pair(thing, scrape->track->settings, pair))
			continue;
		for (int state = 0; state < CONN_STATES; state++)
			sum->states[state] += it->states[state];
		for (int i = 0; i < CENSUS_THRESHOLDS; i++)
			sum->idle[i] += it->idle[i];
		sum->oldest_ns = it->oldest_ns > sum->oldest_ns ? it->oldest_ns : sum->oldest_ns;
		sum->idlest_ns = it->idlest_ns > sum->idlest_ns ? it->idlest_ns : sum->idlest_ns;
	}
}

void
scrape_states(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct census_pair sum;

	read_census(scrape, thing, &sum);
	for (int state = 0; state < CONN_CLOSED; state++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "state", conn_state_text((enum conn_state)state));
		prometheus_count(text, sum.states[state]);
	}
}

void
scrape_age(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct census_pair sum;

	read_census(scrape, thing, &sum);
	int64_t age = metric == METRIC_OLDEST ? sum.oldest_ns : sum.idlest_ns;
	if (age >= 0)
		prometheus_seconds(scrape_sample(scrape, metric, thing), (uint64_t)(age / NS_PER_US));
}

void
scrape_idle(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct census_pair sum;

	read_census(scrape, thing, &sum);
	for (int i = 0; i < CENSUS_THRESHOLDS; i++) {
		struct text *text = scrape_sample(scrape, metric, thing);
		char seconds[16];
		struct text number;

		text_init(&number, seconds, sizeof(seconds));
		text_add_i64(&number, census_threshold_seconds[i]);
		prometheus_label(text, "threshold", seconds);
		prometheus_count(text, sum.idle[i]);
	}
}

/* `leg`: LEG_NONE where it is not of one. */
static void
write_histogram(struct scrape *scrape, enum metric metric, const struct thing *thing, enum leg_name leg,
    const struct histogram_sum *sum)
{
	char bytes[2 * 3 * NAME_TEXT_MAX + 64];
	struct text labels;

	text_init(&labels, bytes, sizeof(bytes));
	scrape_add_names(scrape, &labels, thing);
	if (leg != LEG_NONE)
		prometheus_label(&labels, "leg", legs[leg]);
	prometheus_histogram(&scrape->text, metric, bytes, sum);
}

static void
write_pair_histogram(struct scrape *scrape, enum metric metric, const struct thing *thing, enum leg_name leg,
    enum pair_histogram histogram)
{
	struct histogram_sum sum = { .count = 0 };

	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		if (thing_has_pair(thing, scrape->track->settings, pair))
			pairs_add_histogram(scrape->track->pairs, pair, histogram, &sum);
	}
	write_histogram(scrape, metric, thing, leg, &sum);
}

void
scrape_durations(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	write_pair_histogram(
	    scrape, metric, thing, LEG_NONE, metric == METRIC_DURATION ? PAIR_DURATIONS : PAIR_CONNECTS);
}

void
scrape_turns(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct histogram_sum sum = { .count = 0 };

	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		if (thing_has_pair(thing, scrape->track->settings, pair))
			listeners_add_turns(scrape->track->listeners, pair, &sum);
	}
	write_histogram(scrape, metric, thing, LEG_NONE, &sum);
}

void
scrape_rtts(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	write_pair_histogram(scrape, metric, thing, LEG_CLIENT, PAIR_CLIENT_RTTS);
	write_pair_histogram(scrape, metric, thing, LEG_UPSTREAM, PAIR_UPSTREAM_RTTS);
}
