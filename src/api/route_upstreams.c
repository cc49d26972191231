/* SPDX-License-Identifier: MIT */
/* GET /upstreams: where connections go to, and what comes of it. */
#include "api/documents.h"
#include "api/router.h"
#include "api/thing.h"
#include "base/clock.h"
#include "export/json.h"
#include "track/census.h"

struct view {
	const struct track *track;
	const struct settings *settings;
	struct census census;
};

static void
add_address(json_t *list, const char *address, uint16_t port)
{
	json_t *it = json_object();

	json_add_text(it, "address", address);
	json_add_count(it, "port", port);
	json_array_append_new(list, it);
}

/* Of a name, what it was found to have; null while it was not looked up, and for a Unix socket, which has none. */
static void
add_addresses(json_t *it, const struct view *view, const struct thing *thing)
{
	const struct target_setting *setting = &view->settings->upstreams[thing->pair].targets[thing->target];
	const struct target_life *life = targets_life(view->track->targets, thing->pair, thing->target);
	struct target_facts facts = { .changes = 0 };
	char address[INET6_ADDRSTRLEN];
	struct flow flow;

	if (life != NULL)
		target_read(life, &facts);
	if ((life == NULL && addr_is_unix(&setting->addr)) || (life != NULL && facts.changes == 0)) {
		json_add_text(it, "addresses", NULL);
	} else {
		json_t *list = json_add_array(it, "addresses");

		if (life == NULL) {
			flow_set(&flow, &setting->addr, &setting->addr);
			add_address(list, flow_ip_format(&flow.source, address), addr_port(&setting->addr));
		}
		for (uint64_t i = 0; i < facts.count; i++)
			add_address(list, flow_ip_format(&facts.addresses[i], address), setting->port);
	}
	json_add_instant(it, "looked_up_at", facts.at_us);
	json_add_text(it, "error", facts.error[0] == '\0' ? NULL : facts.error);
}

static void
add_counts(json_t *it, const struct view *view, const struct thing *thing)
{
	const struct target_setting *setting = &view->settings->upstreams[thing->pair].targets[thing->target];
	uint64_t active = 0, ports = 0, results[ATTEMPT_RESULTS] = { 0 };

	for (int pair = thing->pair; pair < view->settings->pair_count; pair++) {
		for (int target = 0; target < view->settings->upstreams[pair].target_count; target++) {
			if (!thing_has_target(thing, view->settings, pair, target))
				continue;
			active += view->census.pairs[pair].chosen[target];
			ports += view->census.pairs[pair].ports[target];
			pairs_add_attempts(view->track->pairs, pair, target, results);
		}
	}
	json_add_count(it, "connections_active", active);
	json_add_known(it, "source_ports_in_use", addr_is_unix(&setting->addr) ? -1 : (int64_t)ports);
	json_t *attempts = json_add_object(it, "connect_attempts");
	for (int result = ATTEMPT_CONNECTED; result < ATTEMPT_RESULTS; result++)
		json_add_count(attempts, attempt_results[result], results[result]);
}

static void
add_target(json_t *list, const struct view *view, const struct thing *thing)
{
	json_t *it = json_object();

	json_add_text(it, "name", view->settings->upstreams[thing->pair].targets[thing->target].name);
	add_addresses(it, view, thing);
	add_counts(it, view, thing);
	json_array_append_new(list, it);
}

static void
add_connects(json_t *it, const struct view *view, const struct thing *thing)
{
	struct histogram_sum sum = { .count = 0 };

	for (int pair = thing->pair; pair < view->settings->pair_count; pair++) {
		if (thing_has_pair(thing, view->settings, pair))
			pairs_add_histogram(view->track->pairs, pair, PAIR_CONNECTS, &sum);
	}
	json_object_set_new(it, "connect_us", document_of_percentiles(&sum));
}

/* Targets come behind each other, those of one upstream together. */
void
route_upstreams(const struct request *request, struct reply *reply)
{
	struct view view = { .track = request->track, .settings = request->track->settings };
	json_t *all = json_object(), *upstreams, *targets = NULL;
	struct thing thing = thing_first(SCOPE_TARGET);
	int pair = -1;

	census_begin(&view.census, clock_now());
	census_go_on(&view.census, view.track->table, INT64_MAX);
	json_add_instant(all, "time", clock_wall_us());
	upstreams = json_add_array(all, "upstreams");
	do {
		if (thing.pair != pair) {
			json_t *upstream = json_object();

			pair = thing.pair;
			json_add_text(upstream, "name", view.settings->upstreams[pair].name);
			targets = json_add_array(upstream, "targets");
			add_connects(upstream, &view, &thing);
			json_array_append_new(upstreams, upstream);
		}
		add_target(targets, &view, &thing);
	} while (thing_next(&thing, view.settings));
	reply_document(reply, all);
}
