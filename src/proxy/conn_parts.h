/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CONN_PARTS_H
#define PROXY_CONN_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/slot.h"
#include "net/loop.h"
#include "net/timer.h"
#include "proxy/admission.h"
#include "proxy/deadline.h"
#include "proxy/lifecycle.h"
#include "proxy/pump.h"
#include "proxy/workbench.h"
#include "track/leg.h"
#include "track/record.h"
#include "upstream/group.h"

struct conn_leg {
	struct loop_watch watch; /* fd -1: no socket, yet or any more */
	uint32_t end_turn;       /* the turn in which its FIN or RST was first seen; 0: none yet */
	uint16_t error;          /* errno by which it was lost; 0: it was not */
	bool end_met : 1;        /* that end was met by a read or a send, and not told by an event */
	bool ended : 1;          /* its FIN was seen */
	bool fin_sent : 1;
	bool is_unix : 1;
	bool state_moved : 1; /* its TCP state may be another than the record's */
};

/* What stood at the last look, for the next to compare with.  Small, for there is one for each connection:
 * times and retransmissions are kept modulo 2^16, which is enough for looks less than LOOK_APART_MOST apart. */
struct conn_look {
	int64_t at; /* clock_now; 0: none yet */
	uint64_t received[LEG_COUNT];
	uint32_t held[LEG_COUNT]; /* of that, what was not sent on: not yet, or never */
	uint16_t busy_ms[LEG_COUNT], rwnd_limited_ms[LEG_COUNT], sndbuf_limited_ms[LEG_COUNT];
	uint16_t retransmits[LEG_COUNT];
	bool neglected[LEG_COUNT]; /* on the way to this side: bytes lay unread though it had room */
	bool path_full[LEG_COUNT]; /* … and a look since then found that the path was */
};

#define LOOK_APART_MOST (60 * NS_PER_S)

/*
 * One connection: two sockets, two pumps, one timer.  lifecycle.c decides what
 * an event leads to; conn.c carries it out, with the help of those who each do
 * one part of it: dialing, chronicle, ending.
 *
 * It lives in its worker's array, under the slot number of its record, and is
 * used again only after the turn in which it closed.
 */
struct conn {
	struct workbench *bench;
	uint32_t slot;
	uint8_t state;       /* enum conn_state */
	uint8_t why;         /* enum close_reason: the first cause so far */
	uint8_t fault;       /* enum leg_name at which a timer of ours points, or LEG_NONE */
	uint8_t owed;        /* flushing: enum leg_name that has not acknowledged all */
	uint8_t news;        /* a bit for each enum event_type to be published */
	uint8_t speaker;     /* enum leg_name: from whom the last payload came, or LEG_NONE */
	bool concluding;     /* flushing: an admin ends it in order, each pump had its last call */
	uint8_t stalls_told; /* a bit for each pump: its sink's stall, which lasts, is noted */
	bool overlapped;     /* both spoke at once, some time */
	bool in_use;
	bool drafting;          /* bench->draft is its record */
	bool touched;           /* in bench->touched */
	bool rearm;             /* a deadline may be nearer than the timer */
	bool kept_alive;        /* keepalive is set as is its own (manners_spread) */
	bool retrying;          /* connecting: the target's queue was full, try it again */
	uint16_t look_ms;       /* flushing: until the next look at the queues */
	uint16_t prologue;      /* bytes of ours that went before the client's: the PROXY header */
	uint16_t preface;       /* bytes of the client's that came before its payload: its own PROXY header */
	uint16_t connect_error; /* errno of the last target that failed */
	uint16_t listener;
	uint32_t generation; /* of its id */
	struct conn_leg legs[LEG_COUNT];
	struct pump pumps[LEG_COUNT]; /* by their source: [LEG_CLIENT] is up, [LEG_UPSTREAM] is down */
	SLIST_ENTRY(conn) link;       /* in bench->touched */
	struct life_times times;
	int64_t heard;        /* when the last payload came */
	int64_t turn_us;      /* a turn that ended in this turn of the loop; RECORD_UNKNOWN: none did */
	uint64_t speech_from; /* the speaker's bytes before it began */

	/* What a transaction does not touch. */
	uint64_t acknowledged; /* flushing: what both kernels had acknowledged at the last look */
	struct timer timer;
	struct loop_task again; /* a pump stopped at its bound, or has last words to carry */
	struct admission_pass pass;
	struct dial dial;
	struct conn_look look;
};

/* All the user memory that an idle connection holds: a third of what HAProxy's does (3376 bytes). */
_Static_assert(sizeof(struct conn) + SLOT_SIZE(RECORD_WORDS) <= 3376 / 3, "an idle connection is small");

/* Bytes may move both ways, or still one way. */
static inline bool
conn_is_forwarding(const struct conn *conn)
{
	return conn->state == CONN_ESTABLISHED || conn->state == CONN_CLIENT_HALF_CLOSED ||
	       conn->state == CONN_UPSTREAM_HALF_CLOSED;
}

static inline int64_t
conn_now(const struct conn *conn)
{
	return loop_now(conn->bench->loop);
}

#endif
