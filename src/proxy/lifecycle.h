/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LIFECYCLE_H
#define PROXY_LIFECYCLE_H

#include <stddef.h>
#include "track/close_reason.h"
#include "track/conn_state.h"

/* What can happen to a connection: one event for each cause.  A FIN before the
 * connect is done is none: it waits in the socket, and is passed on after it.  But
 * while sniffing nothing would come after it: there it is one, if nothing came before. */
enum conn_event {
	EV_SNIFF,  /* the client has to send a PROXY header first */
	EV_ROUTED, /* upstream chosen */

	EV_DENIED_ACL,     /* refused on arrival: by the lists, … */
	EV_DENIED_LIMIT,   /* … for as many are open as may be, … */
	EV_DENIED_RATE,    /* … or come too fast */
	EV_HEADER_INVALID, /* what it sent is none, or it finished in the middle of it */
	EV_HEADER_TIMEOUT,

	EV_TARGET_FAILED,   /* this target failed in whatever way, others remain */
	EV_REFUSED,         /* the last target refused, … */
	EV_UNREACHABLE,     /* … could not be reached, … */
	EV_CONNECT_TIMEOUT, /* … did not answer in time */
	EV_NO_ADDRESS,      /* the name has none */
	EV_NO_TARGET,       /* none in service */
	EV_NO_FDS,          /* socket() failed: EMFILE, ENFILE */
	EV_NO_MEMORY,       /* ENOMEM */
	EV_NO_PORTS,        /* EADDRNOTAVAIL */
	EV_CONNECTED,

	EV_CLIENT_FIN, /* seen: EPOLLRDHUP or recv 0.  Passing it on is the pump's business */
	EV_UPSTREAM_FIN,
	EV_CLIENT_RST, /* ECONNRESET, or EPIPE: a FIN came before it */
	EV_UPSTREAM_RST,
	EV_CLIENT_LOST, /* ETIMEDOUT, EHOSTUNREACH and the like */
	EV_UPSTREAM_LOST,
	EV_FLUSHED, /* all that we had to pass on is acknowledged, our FINs too */

	/* Our timers.  All but the last run anew when bytes move: slow is not stuck. */
	EV_IDLE,
	EV_STALL, /* a side takes nothing of what we hold for it */
	EV_HALF_CLOSE,
	EV_FLUSH, /* nothing we sent is acknowledged any more */
	EV_MAX_DURATION,

	/* An admin's word, or a signal's. */
	EV_KILL_RST,
	EV_KILL_FIN,
	EV_DRAIN, /* its deadline */
	EV_SHUTDOWN,
	EV_COUNT
};

#define EV_NONE EV_COUNT /* an action that caused nothing */

/* What to do about it.  Carried out by conn.c, one function each. */
enum conn_action {
	DO_IMPOSSIBLE, /* empty cell: this event cannot happen here */
	DO_NOTHING,
	DO_ANSWER,   /* a FIN for a FIN, where there is no upstream to do it */
	DO_DIAL,     /* begin with the upstream's targets … */
	DO_CONNECT,  /* … and go on to the next */
	DO_FORWARD,  /* start both pumps */
	DO_FINISH,   /* let the pumps come to their ends */
	DO_CONCLUDE, /* each side gets what has come from the other, then a FIN of ours */
	DO_PASS_RST, /* the other side gets what came before, then a RST */
	DO_CLOSE,    /* all is delivered; a RST still owed goes out now */
	DO_ABORT,    /* a RST to both, now */
};

struct transition {
	enum conn_action action;
	enum conn_state to;
	enum close_reason why; /* WHY_NONE: nothing new */
};

/* NULL: the event cannot happen in this state. */
const struct transition *lifecycle_next(enum conn_state from, enum conn_event on);

/* The first cause stays.  Only an orderly end is not yet one while it flushes:
 * "everything was delivered" gives way to whatever prevents it. */
enum close_reason lifecycle_why(enum close_reason first, enum close_reason later);

#endif
