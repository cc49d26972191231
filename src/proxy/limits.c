/* SPDX-License-Identifier: MIT */
#include "proxy/limits.h"

#include <stddef.h>

static enum limit
judge_rest(const struct limits_look *look)
{
	if (look->source_neglected)
		return LIMIT_PROXY;
	return look->moved > 0 ? LIMIT_APPLICATION : LIMIT_NONE;
}

enum limit
limits_judge(const struct limits_look *look)
{
	int64_t held_up = look->rwnd_limited_us + look->sndbuf_limited_us;
	/* Bytes may be under way and yet nothing waits: a request, and its answer is not there. */
	int64_t path = look->waits_for_path ? look->busy_us - held_up : 0;
	const struct {
		enum limit limit;
		int64_t share;
	} shares[] = {
		{ judge_rest(look), look->interval_us - held_up - path },
		{ LIMIT_NETWORK, path },
		{ LIMIT_SENDER_BUFFER, look->sndbuf_limited_us },
		{ LIMIT_RECEIVER, look->rwnd_limited_us },
	};
	size_t most = 0;

	if (look->is_unix)
		return look->sink_full ? LIMIT_RECEIVER : judge_rest(look);
	for (size_t i = 1; i < sizeof(shares) / sizeof(shares[0]); i++) {
		if (shares[i].share > shares[most].share)
			most = i;
	}
	return shares[most].limit;
}
