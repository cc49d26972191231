/* SPDX-License-Identifier: MIT */
/* A drain on an admin's order: the main thread carries it out (daemon/drain.c), and it can be taken back. */
#include "api/documents.h"
#include "api/orders_reply.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "export/json.h"

const struct parameter route_drain_parameters[] = {
	{ "timeout", "{\"type\":\"string\"}",
	    "how long those who are here may take: 500ms, 30s, 5m; else --drain-timeout" },
	{ 0 },
};

#define TIMEOUT_MOST (1000 * 86400 * NS_PER_S) /* as --drain-timeout */

/* Drained: nobody is left. */
static const char *
state_of(const struct draining_facts *facts, uint32_t left)
{
	switch ((enum draining_state)facts->state) {
	case DRAINING_NO:
		return "accepting";
	case DRAINING_ON_ORDER:
		return left > 0 ? "draining" : "drained";
	case DRAINING_TO_STOP:
		return "stopping";
	}
	return NULL;
}

json_t *
document_of_drain(const struct track *track)
{
	uint32_t left = table_places_taken(track->table);
	struct draining_facts facts;
	json_t *document = json_object();

	draining_read(track->draining, &facts);
	bool drains = facts.state != DRAINING_NO;
	int64_t until_us = facts.since_us + (facts.until_ns - facts.since_ns) / NS_PER_US;
	int64_t left_us = (facts.until_ns - clock_now()) / NS_PER_US;
	json_add_text(document, "state", state_of(&facts, left));
	json_add_instant(document, "since", drains ? facts.since_us : 0);
	json_add_instant(document, "until", drains ? until_us : 0);
	json_add_known(document, "left_us", !drains ? -1 : left_us > 0 ? left_us : 0);
	json_add_count(document, "connections_left", left);
	return document;
}

void
route_drain(const struct request *request, struct reply *reply)
{
	reply_document(reply, document_of_drain(request->track));
}

static bool
refuse_while_stopping(const struct track *track, struct reply *reply)
{
	struct draining_facts facts;

	draining_read(track->draining, &facts);
	if (facts.state != DRAINING_TO_STOP)
		return false;
	reply_problem(reply, PROBLEM_STOPPING, NULL, "Its drain is the end of it, and cannot be changed any more.");
	return true;
}

void
route_drain_begin(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	const char *timeout = query_value(&request->query, "timeout");
	struct admin_order order = { .kind = ORDER_DRAIN, .timeout_ns = track->settings->drain_timeout_ns };

	if (timeout != NULL &&
	    (!quantity_parse_duration(&order.timeout_ns, timeout) || order.timeout_ns > TIMEOUT_MOST))
		reply_problem(reply, PROBLEM_BAD_VALUE, "timeout",
		    "Expected a time with its unit, as 500ms, 30s or 5m, up to 1000d; or 0.");
	else if (!refuse_while_stopping(track, reply))
		orders_reply(reply, json_object(), track->orders, &order);
}

void
route_drain_end(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;

	if (!refuse_while_stopping(track, reply))
		orders_reply(reply, json_object(), track->orders, &(struct admin_order){ .kind = ORDER_UNDRAIN });
}
