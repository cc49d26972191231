/* SPDX-License-Identifier: MIT */
/* For those who start, stop and replace processes: is it alive, and does it take clients? */
#include "api/router.h"
#include "api/server.h"

void
route_livez(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_text(reply, "ok\n");
}

/* By an admin; whoever is short of something takes clients again by itself. */
static bool
all_are_paused(const struct listeners *listeners)
{
	struct listener_facts facts;

	for (int i = 0; i < listeners_count(listeners); i++) {
		listeners_read(listeners, i, &facts);
		if (!facts.paused_by[PAUSE_ADMIN])
			return false;
	}
	return true;
}

void
route_readyz(const struct request *request, struct reply *reply)
{
	switch ((enum readiness)atomic_load(request->readiness)) {
	case READY:
		if (all_are_paused(request->track->listeners))
			reply_problem(reply, PROBLEM_NOT_READY, NULL,
			    "Every listener is paused: no new clients are accepted until PATCH /listeners/NAME.");
		else
			reply_text(reply, "ready\n");
		break;
	case NOT_READY_DRAINING:
		reply_problem(reply, PROBLEM_NOT_READY, NULL,
		    "Draining on an admin's order: no new clients are accepted until DELETE /drain.");
		break;
	case NOT_READY_STOPPING:
		reply_problem(reply, PROBLEM_NOT_READY, NULL,
		    "Draining to stop: no new clients are accepted, and those that are here may finish.");
		break;
	case NOT_READY_STARTING:
		reply_problem(reply, PROBLEM_NOT_READY, NULL, "Starting: no client is accepted yet.");
		break;
	}
}
