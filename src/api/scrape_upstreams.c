/* SPDX-License-Identifier: MIT */
/* What /metrics tells of listeners, of upstreams and of their targets. */
#include "api/scrape.h"
#include "export/prometheus.h"

/* Of those with this name, together; what is not known of one is not known of all. */
static void
read_listeners(
    const struct scrape *scrape, const struct thing *thing, struct listener_facts *sum, bool states[LISTENER_STATES])
{
	for (int state = 0; state < LISTENER_STATES; state++)
		states[state] = false;
	*sum = (struct listener_facts){ .queue_length = 0 };
	for (int pair = thing->pair; pair < scrape->track->settings->pair_count; pair++) {
		struct listener_facts facts;

		if (!thing_has_pair(thing, scrape->track->settings, pair))
			continue;
		listeners_read(scrape->track->listeners, pair, &facts);
		states[facts.state] = true;
		sum->sockets += facts.sockets;
		sum->queue_length = listeners_plus(sum->queue_length, facts.queue_length);
		sum->queue_limit = listeners_plus(sum->queue_limit, facts.queue_limit);
		sum->drops = listeners_plus(sum->drops, facts.drops);
	}
}

void
scrape_listener_state(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct listener_facts sum;
	bool states[LISTENER_STATES];

	read_listeners(scrape, thing, &sum, states);
	for (int state = 0; state < LISTENER_STATES; state++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "state", listener_state_texts[state]);
		prometheus_count(text, states[state]);
	}
}

void
scrape_queue(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct listener_facts sum;
	bool states[LISTENER_STATES];

	read_listeners(scrape, thing, &sum, states);
	if (sum.sockets == 0)
		return;
	scrape_known(scrape, metric, thing,
	    metric == METRIC_QUEUE_LENGTH  ? sum.queue_length
	    : metric == METRIC_QUEUE_LIMIT ? sum.queue_limit
					   : sum.drops);
}

/* Each that has ended; those that go on are neither. */
void
scrape_attempts(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct settings *settings = scrape->track->settings;
	uint64_t results[ATTEMPT_RESULTS] = { 0 };

	for (int pair = thing->pair; pair < settings->pair_count; pair++) {
		for (int target = 0; target < settings->upstreams[pair].target_count; target++) {
			if (thing_has_target(thing, settings, pair, target))
				pairs_add_attempts(scrape->track->pairs, pair, target, results);
		}
	}
	for (int result = ATTEMPT_CONNECTED; result < ATTEMPT_RESULTS; result++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "result", attempt_results[result]);
		prometheus_count(text, results[result]);
	}
}

/* A Unix target knows no ports. */
void
scrape_ports(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct settings *settings = scrape->track->settings;
	int64_t sum = 0;

	if (addr_is_unix(&settings->upstreams[thing->pair].targets[thing->target].addr))
		return;
	for (int pair = thing->pair; pair < settings->pair_count; pair++) {
		for (int target = 0; target < settings->upstreams[pair].target_count; target++) {
			if (thing_has_target(thing, settings, pair, target))
				sum += (int64_t)scrape->census.pairs[pair].ports[target];
		}
	}
	scrape_known(scrape, metric, thing, sum);
}

/* One that is an address has it; a name that was not looked up so far, nobody knows. */
void
scrape_addresses(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct target_life *life = targets_life(scrape->track->targets, thing->pair, thing->target);
	struct target_facts facts;

	if (life == NULL) {
		scrape_known(scrape, metric, thing, 1);
		return;
	}
	target_read(life, &facts);
	scrape_known(scrape, metric, thing, facts.changes == 0 ? -1 : (int64_t)facts.count);
}
