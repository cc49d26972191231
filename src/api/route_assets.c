/* SPDX-License-Identifier: MIT */
#include "api/assets.h"
#include "api/router.h"

void
route_asset(const struct request *request, struct reply *reply)
{
	struct asset asset;

	if (asset_find(request->name, &asset))
		asset_reply(&asset, reply);
	else
		reply_problem(reply, PROBLEM_UNKNOWN_PATH, NULL, "The page has no such file.");
}
