/* SPDX-License-Identifier: MIT */
#ifndef PROXY_DEADLINE_H
#define PROXY_DEADLINE_H

#include <stdint.h>
#include "config/settings.h"
#include "proxy/lifecycle.h"
#include "track/leg.h"

/* Since when things last were as they are; clock_now, and 0 where they are not. */
struct life_times {
	int64_t opened;
	int64_t last_payload; /* the last byte either way */
	/* sniffing: its beginning; connecting: this attempt; half closed: the FIN; flushing: the last acknowledgement */
	int64_t phase;
	int64_t stalled[LEG_COUNT]; /* by pump: its sink takes nothing of what is there for it */
};

struct deadline {
	int64_t at;            /* INT64_MAX: none */
	enum conn_event event; /* what it means when it has passed */
};

/* The first of the deadlines that hold in this state. */
struct deadline deadline_next(const struct settings *settings, enum conn_state state, const struct life_times *times);

#endif
