/* SPDX-License-Identifier: MIT */
/* GET /metrics: for Prometheus. */
#include "api/router.h"
#include "api/scrape.h"

void
route_metrics(const struct request *request, struct reply *reply)
{
	scrape_begin(request->track, request->followers, reply);
}
