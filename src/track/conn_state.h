/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CONN_STATE_H
#define TRACK_CONN_STATE_H

/* Where a connection is in its life.  Transitions: proxy/lifecycle.c. */
enum conn_state {
	CONN_ACCEPTED,             /* the kernel gave us the client's socket; no upstream chosen yet */
	CONN_SNIFFING,             /* the client must say first for whom it comes: --proxy-in */
	CONN_CONNECTING,           /* trying targets, one after the other */
	CONN_ESTABLISHED,          /* bytes may flow both ways */
	CONN_CLIENT_HALF_CLOSED,   /* the client sent FIN; the upstream may still answer */
	CONN_UPSTREAM_HALF_CLOSED, /* the upstream sent FIN; the client may still send */
	CONN_FLUSHING,             /* the end is decided, but a kernel has not acknowledged all of it */
	CONN_CLOSED,               /* both sockets closed; the record is in history */
	CONN_STATES                /* count, keep last */
};

const char *conn_state_text(enum conn_state state);

#endif
