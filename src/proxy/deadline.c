/* SPDX-License-Identifier: MIT */
#include "proxy/deadline.h"

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A timeout of 0 is switched off. */
static void
consider(struct deadline *first, int64_t since, int64_t timeout, enum conn_event event)
{
	if (timeout > 0 && since + timeout < first->at)
		*first = (struct deadline){ since + timeout, event };
}

struct deadline
deadline_next(const struct settings *settings, enum conn_state state, const struct life_times *times)
{
	struct deadline first = { INT64_MAX, EV_COUNT };
	int64_t active = later(times->opened, times->last_payload);

	if (state != CONN_CLOSED)
		consider(&first, times->opened, settings->max_duration_ns, EV_MAX_DURATION);
	switch (state) {
	case CONN_SNIFFING:
		consider(&first, times->phase, settings->proxy_in_timeout_ns, EV_HEADER_TIMEOUT);
		break;
	case CONN_CONNECTING:
		consider(&first, times->phase, settings->connect_timeout_ns, EV_CONNECT_TIMEOUT);
		break;
	case CONN_CLIENT_HALF_CLOSED:
	case CONN_UPSTREAM_HALF_CLOSED:
		consider(
		    &first, later(times->phase, times->last_payload), settings->half_close_timeout_ns, EV_HALF_CLOSE);
		/* fall through */
	case CONN_ESTABLISHED:
		consider(&first, active, settings->idle_timeout_ns, EV_IDLE);
		for (int i = 0; i < LEG_COUNT; i++)
			if (times->stalled[i] != 0)
				consider(&first, times->stalled[i], settings->stall_timeout_ns, EV_STALL);
		break;
	case CONN_FLUSHING:
		consider(&first, times->phase, settings->flush_timeout_ns, EV_FLUSH);
		break;
	case CONN_ACCEPTED:
	case CONN_CLOSED:
	case CONN_STATES:
		break;
	}
	return first;
}
