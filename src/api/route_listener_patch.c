/* SPDX-License-Identifier: MIT */
/* PATCH /listeners/NAME with {"state":"paused"} or {"state":"listening"}: what an admin wants of a listener. */
#include "api/router.h"

#include <string.h>
#include "api/orders_reply.h"
#include "base/nearest.h"
#include "export/json.h"

/* -1: none is called so. */
static int
find_listener(const struct settings *settings, const char *name, struct reply *reply)
{
	const char *names[PAIRS_MAX + 1] = { NULL };

	for (int i = 0; i < settings->pair_count; i++) {
		names[i] = settings->listeners[i].name;
		if (strcmp(names[i], name) == 0)
			return i;
	}
	const char *meant = nearest(name, names);
	reply_problem(reply, PROBLEM_UNKNOWN_LISTENER, NULL, "No listener is called \"%.80s\"; %s%s%s", name,
	    meant == NULL ? "/listeners tells all, each by its -l." : "did you mean ", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "?");
	return -1;
}

/* Nothing but {"state":…}: a member that is passed over would be one that seems to work. */
static bool
take_state(enum order_kind *kind, const json_t *document, struct reply *reply)
{
	static const char *const members[] = { "state", NULL }, *const states[] = { "paused", "listening", NULL };
	const char *member, *meant;
	json_t *value;

	if (!json_is_object(document)) {
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "Expected an object, {\"state\":\"paused\"}.");
		return false;
	}
	json_object_foreach((json_t *)document, member, value) {
		if (strcmp(member, "state") == 0)
			continue;
		meant = nearest(member, members);
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "\"%.80s\" cannot be changed; %s.", member,
		    meant == NULL ? "only state can" : "did you mean state?");
		return false;
	}
	const char *state = json_string_value(json_object_get(document, "state"));
	for (int i = 0; state != NULL && states[i] != NULL; i++) {
		if (strcmp(state, states[i]) == 0) {
			*kind = i == 0 ? ORDER_PAUSE : ORDER_RESUME;
			return true;
		}
	}
	reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "Expected the state paused or listening.");
	return false;
}

static bool
take_body(enum order_kind *kind, const struct request *request, struct reply *reply)
{
	json_error_t error;
	json_t *document = request->body == NULL
			       ? NULL
			       : json_loadb(request->body, request->body_length, JSON_REJECT_DUPLICATES, &error);
	bool taken = document != NULL && take_state(kind, document, reply);

	if (document == NULL && request->body == NULL)
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "Expected a body, {\"state\":\"paused\"}.");
	else if (document == NULL)
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "The body is no JSON: %.160s, at byte %d.", error.text,
		    error.position);
	json_decref(document);
	return taken;
}

void
route_listener_patch(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	struct admin_order order = { .kind = ORDER_PAUSE };
	struct draining_facts draining;

	order.listener = find_listener(track->settings, request->name, reply);
	if (order.listener == -1 || !take_body(&order.kind, request, reply))
		return;
	draining_read(track->draining, &draining);
	if (draining.state == DRAINING_TO_STOP)
		reply_problem(reply, PROBLEM_STOPPING, NULL, "Its listeners close, and cannot be changed any more.");
	else
		orders_reply(reply, json_object(), track->orders, &order);
}
