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

void
route_readyz(const struct request *request, struct reply *reply)
{
	switch ((enum readiness)atomic_load(request->readiness)) {
	case READY:
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
