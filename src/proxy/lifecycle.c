/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection, as data.
 *
 *   accepted ─┬──────────────┬─► connecting ─► established ─┬─► client_half_closed ───┬─► flushing ─► closed
 *             └─► sniffing ──┘                              ├─► upstream_half_closed ─┤
 *                                                           └──── RST, kill by FIN ───┘
 *
 * sniffing is for --proxy-in alone.  A client that finishes there and never sent
 * a byte, as health checks do, is no fault: it gets a FIN for its FIN.
 *
 * In flushing both kinds of end wait until the other kernel has it all: a RST
 * to pass on (it would overtake the bytes before it) and our last FINs.  What
 * cuts a life short, a refusal on arrival, our timers, an admin and the end of
 * the process, leads straight to closed.
 *
 * A kill by FIN is for a connection through which both sides can be told in
 * order.  Before it stands, a FIN would look like an answer: a RST, then.  And an
 * end that is under way stays what it is, for a FIN could hide a RST.
 *
 * This file decides; conn.c acts.  Nothing here touches a socket, so the
 * whole table is tested without one.
 */
#include "proxy/lifecycle.h"

/* clang-format off */
static const struct transition table[CONN_STATES][EV_COUNT] = {
/*	  when this happens    do this        and become                 because */
[CONN_ACCEPTED] = {
	[EV_SNIFF]         = { DO_NOTHING,    CONN_SNIFFING,             WHY_NONE },
	[EV_ROUTED]        = { DO_DIAL,       CONN_CONNECTING,           WHY_NONE },
},
[CONN_SNIFFING] = {
	[EV_ROUTED]        = { DO_DIAL,       CONN_CONNECTING,           WHY_NONE },
	[EV_CLIENT_FIN]    = { DO_ANSWER,     CONN_FLUSHING,             WHY_CLIENT_FIN },
	[EV_CLIENT_RST]    = { DO_ABORT,      CONN_CLOSED,               WHY_CLIENT_ABORT_CONNECTING },
	[EV_CLIENT_LOST]   = { DO_ABORT,      CONN_CLOSED,               WHY_CLIENT_LOST },
},
[CONN_CONNECTING] = {
	[EV_CONNECTED]     = { DO_FORWARD,    CONN_ESTABLISHED,          WHY_NONE },
	[EV_TARGET_FAILED] = { DO_CONNECT,    CONN_CONNECTING,           WHY_NONE },
	[EV_CLIENT_RST]    = { DO_ABORT,      CONN_CLOSED,               WHY_CLIENT_ABORT_CONNECTING },
	[EV_CLIENT_LOST]   = { DO_ABORT,      CONN_CLOSED,               WHY_CLIENT_LOST },
},
[CONN_ESTABLISHED] = {
	[EV_CLIENT_FIN]    = { DO_NOTHING,    CONN_CLIENT_HALF_CLOSED,   WHY_NONE },
	[EV_UPSTREAM_FIN]  = { DO_NOTHING,    CONN_UPSTREAM_HALF_CLOSED, WHY_NONE },
	[EV_CLIENT_RST]    = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_RESET },
	[EV_UPSTREAM_RST]  = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_RESET },
	[EV_CLIENT_LOST]   = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_LOST },
	[EV_UPSTREAM_LOST] = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_LOST },
	[EV_KILL_FIN]      = { DO_CONCLUDE,   CONN_FLUSHING,             WHY_ADMIN_KILL },
},
[CONN_CLIENT_HALF_CLOSED] = {
	[EV_UPSTREAM_FIN]  = { DO_FINISH,     CONN_FLUSHING,             WHY_CLIENT_FIN },
	[EV_CLIENT_RST]    = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_ABANDONED },
	[EV_UPSTREAM_RST]  = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_RESET },
	[EV_CLIENT_LOST]   = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_LOST },
	[EV_UPSTREAM_LOST] = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_LOST },
	[EV_KILL_FIN]      = { DO_CONCLUDE,   CONN_FLUSHING,             WHY_ADMIN_KILL },
},
[CONN_UPSTREAM_HALF_CLOSED] = {
	[EV_CLIENT_FIN]    = { DO_FINISH,     CONN_FLUSHING,             WHY_UPSTREAM_FIN },
	[EV_CLIENT_RST]    = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_RESET },
	[EV_UPSTREAM_RST]  = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_ABANDONED },
	[EV_CLIENT_LOST]   = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_LOST },
	[EV_UPSTREAM_LOST] = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_LOST },
	[EV_KILL_FIN]      = { DO_CONCLUDE,   CONN_FLUSHING,             WHY_ADMIN_KILL },
},
[CONN_FLUSHING] = { /* the reasons here count only where both had finished: lifecycle_why */
	[EV_FLUSHED]       = { DO_CLOSE,      CONN_CLOSED,               WHY_NONE },
	[EV_CLIENT_FIN]    = { DO_NOTHING,    CONN_FLUSHING,             WHY_NONE },
	[EV_UPSTREAM_FIN]  = { DO_NOTHING,    CONN_FLUSHING,             WHY_NONE },
	[EV_CLIENT_RST]    = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_ABANDONED },
	[EV_UPSTREAM_RST]  = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_ABANDONED },
	[EV_CLIENT_LOST]   = { DO_PASS_RST,   CONN_FLUSHING,             WHY_CLIENT_LOST },
	[EV_UPSTREAM_LOST] = { DO_PASS_RST,   CONN_FLUSHING,             WHY_UPSTREAM_LOST },
	[EV_KILL_FIN]      = { DO_NOTHING,    CONN_FLUSHING,             WHY_NONE },
},
};

/* What cuts a life short: where it can happen, and the reason it leaves. */
#define IN(state)  (1u << CONN_##state)
#define ARRIVING   (IN(ACCEPTED) | IN(SNIFFING) | IN(CONNECTING))
#define HALF       (IN(CLIENT_HALF_CLOSED) | IN(UPSTREAM_HALF_CLOSED))
#define FORWARDING (IN(ESTABLISHED) | HALF)
#define ANYWHERE   (IN(CLOSED) - 1)

static const struct {
	unsigned in;
	struct transition then;
} endings[EV_COUNT] = {
	[EV_DENIED_ACL]           = { IN(ACCEPTED),   { DO_ABORT,    CONN_CLOSED,   WHY_DENIED_ACL } },
	[EV_DENIED_LIMIT]         = { IN(ACCEPTED),   { DO_ABORT,    CONN_CLOSED,   WHY_DENIED_LIMIT } },
	[EV_DENIED_RATE]          = { IN(ACCEPTED),   { DO_ABORT,    CONN_CLOSED,   WHY_DENIED_RATE } },
	[EV_HEADER_INVALID]       = { IN(SNIFFING),   { DO_ABORT,    CONN_CLOSED,   WHY_PROXY_HEADER_INVALID } },
	[EV_HEADER_TIMEOUT]       = { IN(SNIFFING),   { DO_ABORT,    CONN_CLOSED,   WHY_PROXY_HEADER_TIMEOUT } },
	[EV_REFUSED]              = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_UPSTREAM_REFUSED } },
	[EV_UNREACHABLE]          = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_UPSTREAM_UNREACHABLE } },
	[EV_CONNECT_TIMEOUT]      = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_UPSTREAM_CONNECT_TIMEOUT } },
	[EV_NO_ADDRESS]           = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_UPSTREAM_DNS } },
	[EV_NO_TARGET]            = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_UPSTREAM_NONE } },
	[EV_NO_FDS]               = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_RESOURCE_FDS } },
	[EV_NO_MEMORY]            = { ARRIVING,       { DO_ABORT,    CONN_CLOSED,   WHY_RESOURCE_MEMORY } },
	[EV_NO_PORTS]             = { IN(CONNECTING), { DO_ABORT,    CONN_CLOSED,   WHY_RESOURCE_PORTS } },
	[EV_IDLE]                 = { FORWARDING,     { DO_ABORT,    CONN_CLOSED,   WHY_IDLE_TIMEOUT } },
	[EV_STALL]                = { FORWARDING,     { DO_ABORT,    CONN_CLOSED,   WHY_STALL_TIMEOUT } },
	[EV_HALF_CLOSE]           = { HALF,           { DO_ABORT,    CONN_CLOSED,   WHY_HALF_CLOSE_TIMEOUT } },
	[EV_FLUSH]                = { IN(FLUSHING),   { DO_ABORT,    CONN_CLOSED,   WHY_FLUSH_TIMEOUT } },
	[EV_MAX_DURATION]         = { ANYWHERE,       { DO_ABORT,    CONN_CLOSED,   WHY_MAX_DURATION } },
	[EV_KILL_RST]             = { ANYWHERE,       { DO_ABORT,    CONN_CLOSED,   WHY_ADMIN_KILL } },
	[EV_KILL_FIN]             = { ARRIVING,       { DO_ABORT,    CONN_CLOSED,   WHY_ADMIN_KILL } },
	[EV_DRAIN]                = { ANYWHERE,       { DO_ABORT,    CONN_CLOSED,   WHY_ADMIN_DRAIN } },
	[EV_SHUTDOWN]             = { ANYWHERE,       { DO_ABORT,    CONN_CLOSED,   WHY_SHUTDOWN } },
};

/* clang-format on */

const struct transition *
lifecycle_next(enum conn_state from, enum conn_event on)
{
	if (table[from][on].action != DO_IMPOSSIBLE)
		return &table[from][on];
	if (endings[on].in & 1u << from)
		return &endings[on].then;
	return NULL;
}

enum close_reason
lifecycle_why(enum close_reason first, enum close_reason later)
{
	bool open = first == WHY_NONE || close_meanings[first].how == HOW_FIN;

	return open && later != WHY_NONE ? later : first;
}
