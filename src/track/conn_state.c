/* SPDX-License-Identifier: MIT */
#include "track/conn_state.h"

static const char *const texts[CONN_STATES] = {
	[CONN_ACCEPTED] = "accepted",
	[CONN_SNIFFING] = "sniffing",
	[CONN_CONNECTING] = "connecting",
	[CONN_ESTABLISHED] = "established",
	[CONN_CLIENT_HALF_CLOSED] = "client_half_closed",
	[CONN_UPSTREAM_HALF_CLOSED] = "upstream_half_closed",
	[CONN_FLUSHING] = "flushing",
	[CONN_CLOSED] = "closed",
};

const char *
conn_state_text(enum conn_state state)
{
	return texts[state];
}
