/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "api/documents.h"
#include "api/router.h"
#include "export/json.h"

static void
add_step(json_t *steps, enum listener_step step, const struct listener_facts *facts)
{
	json_t *it = json_add_object(steps, listener_step_texts[step]);
	int error = facts->steps[step].error;

	json_add_instant(it, "at", facts->steps[step].at_us);
	json_add_text(it, "errno", error == 0 ? NULL : strerrorname_np(error));
	json_add_count(it, "times", facts->steps[step].times);
}

static void
add_turns(json_t *document, const struct track *track, int listener)
{
	json_t *turns = json_add_object(document, "turns");
	struct histogram_sum sum = { .count = 0 };

	listeners_add_turns(track->listeners, listener, &sum);
	json_add_count(turns, "count", sum.count);
	json_add_known(turns, "p50_us", histogram_percentile(&sum, 0.50));
	json_add_known(turns, "p90_us", histogram_percentile(&sum, 0.90));
	json_add_known(turns, "p99_us", histogram_percentile(&sum, 0.99));
	json_add_known(turns, "max_us", histogram_percentile(&sum, 1));
}

json_t *
document_of_listener(const struct track *track, int listener)
{
	struct listener_facts facts;
	char bound[ADDR_TEXT_MAX];
	json_t *it = json_object();

	listeners_read(track->listeners, listener, &facts);
	json_add_text(it, "name", track->settings->listeners[listener].name);
	json_add_text(it, "upstream", track->settings->upstreams[listener].name);
	json_add_text(it, "state", listener_state_texts[facts.state]);
	json_t *paused_by = json_add_array(it, "paused_by");
	for (int cause = 0; cause < PAUSE_CAUSES; cause++) {
		if (facts.paused_by[cause])
			json_array_append_new(paused_by, json_text(pause_cause_texts[cause]));
	}
	json_add_text(it, "bound", facts.bound.length == 0 ? NULL : addr_format(&facts.bound, bound, sizeof(bound)));
	json_add_count(it, "sockets", (uint64_t)facts.sockets);
	json_t *steps = json_add_object(it, "steps");
	for (int step = 0; step < LISTENER_STEPS; step++)
		add_step(steps, (enum listener_step)step, &facts);
	json_add_count(it, "accepted", facts.accepted);
	/* Of no socket at all nothing is known. */
	json_add_known(it, "queue_length", facts.sockets == 0 ? -1 : facts.queue_length);
	json_add_known(it, "queue_limit", facts.sockets == 0 ? -1 : facts.queue_limit);
	json_add_known(it, "queue_drops", facts.sockets == 0 ? -1 : facts.drops);
	add_turns(it, track, listener);
	return it;
}

void
route_listeners(const struct request *request, struct reply *reply)
{
	json_t *all = json_object(), *listeners = json_add_array(all, "listeners");

	for (int i = 0; i < listeners_count(request->track->listeners); i++)
		json_array_append_new(listeners, document_of_listener(request->track, i));
	reply_document(reply, all);
}
