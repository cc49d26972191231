/* SPDX-License-Identifier: MIT */
#ifndef API_KILL_REQUEST_H
#define API_KILL_REQUEST_H

#include "api/router.h"
#include "track/orders.h"

/* How connections shall be ended, by whichever path that is asked. */
struct kill_request {
	struct admin_order order; /* whose id is not said yet */
	bool dry_run;
};

/* The rows for it in a route's table of parameters. */
/* clang-format off */
#define KILL_PARAMETERS \
	{ "how", "{\"enum\":[\"rst\",\"fin\"]}", "in what manner; rst if not said" }, \
	{ "dry_run", "{\"enum\":[0,1]}", "1: only say what would be done" }
/* clang-format on */

/* how=, dry_run= and the X-Reason header.  False: `reply` says what is wrong. */
bool kill_request_take(struct kill_request *kill, const struct request *request, struct reply *reply);

#endif
