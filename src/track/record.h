/* SPDX-License-Identifier: MIT */
#ifndef TRACK_RECORD_H
#define TRACK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/flow.h"
#include "track/close_reason.h"
#include "track/conn_state.h"
#include "track/leg.h"

/*
 * What is publicly known of one connection.
 *
 * Written by the worker that owns the connection, copied out by anybody.  It
 * holds no pointers, so the table may live in shared memory: names stand in
 * the settings, under the numbers kept here.  Offsets count microseconds from
 * opened_ns; RECORD_UNKNOWN shows as null.
 *
 *   | hot: one cache line with the slot's version | cold … |
 */
enum { RECORD_WORDS = 47 }; /* with the version 384 bytes, six cache lines */

#define RECORD_UNKNOWN INT64_C(-1)

enum record_kind { KIND_PROXY, KIND_PROBE, KIND_REJECTED, KIND_COUNT };
enum close_order { ORDER_NONE, ORDER_CLIENT_FIRST, ORDER_UPSTREAM_FIRST, ORDER_SAME_TURN, ORDER_COUNT };

struct record_leg {
	struct flow flow;
	uint8_t tcp_state;      /* as the kernel counts them (tcp_states.h); 0: unknown */
	uint16_t error;         /* errno that the socket reported; 0: none */
	int32_t fd;             /* -1: closed */
	uint64_t socket_cookie; /* 0: unknown */
	int64_t fin_received_us, fin_sent_us, rst_received_us, rst_sent_us;
};

struct record_close {
	uint8_t reason; /* enum close_reason; WHY_NONE while open */
	uint8_t initiator, how;
	uint8_t order; /* enum close_order */
	uint8_t leg;   /* the side at fault when our timer ended it; else LEG_NONE */
	bool clean;    /* both FINs came, all was delivered */
	uint16_t error;
	int64_t idle_before_us;
	int64_t undelivered[LEG_COUNT]; /* payload that this side's kernel never acknowledged */
};

struct record {
	uint8_t state; /* enum conn_state */
	uint8_t kind;
	uint8_t live; /* false: the slot is free, and only id counts */
	uint8_t worker;
	uint16_t listener, upstream;
	uint64_t revision;
	int64_t last_payload_ns; /* clock_now; 0: none yet */
	struct {
		uint64_t received, sent; /* payload and all, as our sockets saw it */
	} bytes[LEG_COUNT];

	/* Here the cold part begins. */
	uint64_t id;
	int64_t opened_ns, closed_ns; /* clock_now; closed_ns 0 while open */
	int64_t opened_at_us;         /* clock_wall_us */
	uint16_t target;              /* index in the upstream's setting */
	bool target_chosen;
	uint16_t attempts;              /* addresses tried so far */
	struct flow_end target_address; /* port 0 on a Unix target */
	int64_t connect_us, first_client_byte_us, first_upstream_byte_us;
	struct record_leg legs[LEG_COUNT];
	struct record_close close;
};

_Static_assert(sizeof(struct record) <= RECORD_WORDS * sizeof(uint64_t), "a record fits in its slot");
_Static_assert(offsetof(struct record, id) == 7 * sizeof(uint64_t), "the hot line is one cache line");

/* A record as words, which is how slots hold it. */
union record_words {
	struct record record;
	uint64_t words[RECORD_WORDS];
};

const char *record_kind_text(enum record_kind kind);
const char *close_order_text(enum close_order order); /* NULL for ORDER_NONE */

/* Nothing known yet: every offset is RECORD_UNKNOWN. */
void record_init(struct record *record);

/* Microseconds from its opening to `now`. */
int64_t record_offset_us(const struct record *record, int64_t now);

#endif
