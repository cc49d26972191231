/* SPDX-License-Identifier: MIT */
#ifndef TRACK_RECORD_H
#define TRACK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/flow.h"
#include "net/tcp_info.h"
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
 *   | hot: one cache line with the slot's version | turns, in the next one | cold … |
 */
enum { RECORD_WORDS = 87 }; /* with the version 704 bytes, 11 cache lines */

#define RECORD_UNKNOWN INT64_C(-1)

enum client_source { CLIENT_SOCKET, CLIENT_PROXY_V1, CLIENT_PROXY_V2, CLIENT_SOURCES };
enum record_kind { KIND_PROXY, KIND_PROBE, KIND_REJECTED, KIND_COUNT }; /* known at the end; until then KIND_PROXY */
enum close_order { ORDER_NONE, ORDER_CLIENT_FIRST, ORDER_UPSTREAM_FIRST, ORDER_SAME_TURN, ORDER_COUNT };

/* Who is slow: what holds back the bytes on their way to a side.  Of two, the later one says more of the whole. */
enum limit {
	LIMIT_UNKNOWN,       /* not looked at yet */
	LIMIT_NONE,          /* nothing moves */
	LIMIT_APPLICATION,   /* whoever sends them has no more to send */
	LIMIT_PROXY,         /* they came, there is room for them, and we have not got round to it */
	LIMIT_SENDER_BUFFER, /* our socket's send buffer is too small for the path */
	LIMIT_NETWORK,       /* the path: its congestion window is full */
	LIMIT_RECEIVER,      /* the side that should take them */
	LIMIT_COUNT
};

enum datapath { DATAPATH_COPY, DATAPATH_SPLICE, DATAPATHS };

struct record_leg {
	struct flow flow;
	uint8_t tcp_state;      /* as the kernel counts them (tcp_states.h); 0: unknown */
	uint8_t congestion;     /* number among the worker's congestion_names; 0: unknown */
	uint8_t limited_by;     /* enum limit, on the way to this side, since the sample before the last */
	uint8_t datapath;       /* enum datapath, of the last bytes from this side */
	uint16_t error;         /* errno that the socket reported; 0: none */
	int32_t fd;             /* -1: closed */
	uint64_t socket_cookie; /* 0: unknown */
	int64_t fin_received_us, fin_sent_us, rst_received_us, rst_sent_us;
	uint32_t receive_queue_bytes, send_queue_bytes; /* TCP_UNKNOWN_32: not sampled */
	float rate_received, rate_sent;                 /* bytes a second over the last sampling; negative: unknown */
	struct tcp_sample tcp;                          /* all unknown until it is sampled, and on a Unix leg */
};

/* The upstream address that is, or was last, tried.  Those before it are notes. */
struct record_attempt {
	int64_t began_us; /* RECORD_UNKNOWN: none yet */
	int64_t ended_us; /* RECORD_UNKNOWN: it has not */
	uint16_t error;   /* 0: it was connected, once it ended */
	uint8_t reached;  /* enum connect_step */
	bool bound;       /* to one of --source */
};

/* From the last byte of a request to the first byte of the answer, whatever is spoken. */
struct record_turns {
	uint64_t count;
	int64_t last_us, max_us, sum_us; /* hold once count > 0 */
};

struct record_close {
	uint8_t reason; /* enum close_reason; WHY_NONE while open */
	uint8_t initiator, how;
	uint8_t order;   /* enum close_order */
	uint8_t leg;     /* the side at fault when our timer ended it; else LEG_NONE */
	uint8_t speaker; /* enum leg_name: from whom the last payload before the cause came; LEG_NONE: there was none */
	bool clean;      /* both FINs came, all was delivered */
	uint8_t error;   /* errno, which is never above 255 */
	int64_t cause_us; /* when that came which ended it: the first FIN, a RST, a deadline … */
	int64_t idle_us;  /* how long no payload had moved then; both RECORD_UNKNOWN: nothing of the kind yet */
	int64_t undelivered[LEG_COUNT]; /* payload that this side's kernel never acknowledged */
	uint64_t last_words;            /* bytes that the speaker sent since the other side had spoken */
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
	struct record_turns turns;
	int64_t opened_ns, closed_ns; /* clock_now; closed_ns 0 while open */
	int64_t opened_at_us;         /* clock_wall_us */
	uint16_t target;              /* index in the upstream's setting */
	bool target_chosen;
	uint8_t spoke_last;   /* enum leg_name: whose payload came last, when it was looked at; LEG_NONE: nobody's */
	uint16_t attempts;    /* addresses tried so far */
	uint8_t speaks_first; /* enum leg_name: whose payload came first; LEG_NONE: nobody's, or both at once */
	bool overlapped;      /* turns cannot be told apart: one side spoke before the other was through */
	struct record_attempt attempt;
	struct flow_end client;  /* whom a PROXY header named; all zero on a Unix socket */
	uint8_t client_protocol; /* of that one's connection, enum flow_protocol; FLOW_NONE: … */
	uint8_t client_source;   /* … CLIENT_SOCKET, nobody was named: the client leg's source is it */
	int64_t connect_us, first_client_byte_us, first_upstream_byte_us;
	int64_t sampled_ns;     /* clock_now, when both legs were last asked; 0: never */
	uint32_t first_note;    /* the newest; 0: none */
	uint16_t notes;         /* how many */
	uint16_t notes_dropped; /* that found no room */
	struct record_leg legs[LEG_COUNT];
	struct record_close close;
};

_Static_assert(sizeof(struct record) <= RECORD_WORDS * sizeof(uint64_t), "a record fits in its slot");
_Static_assert(offsetof(struct record, id) == 7 * sizeof(uint64_t), "the hot line is one cache line");
_Static_assert((RECORD_WORDS + 1) % 8 == 0, "and so in every slot of the table");
_Static_assert(offsetof(struct record, spoke_last) / 8 == offsetof(struct record, speaks_first) / 8,
    "who spoke stands in one word");
_Static_assert(offsetof(struct record, turns) + sizeof(struct record_turns) <= 15 * sizeof(uint64_t),
    "and what is counted of turns is in the next");

/* A record as words, which is how slots hold it. */
union record_words {
	struct record record;
	uint64_t words[RECORD_WORDS];
};

/* The word that a member begins in. */
#define RECORD_WORD(member) ((int)(offsetof(struct record, member) / sizeof(uint64_t)))

const char *client_source_text(enum client_source source);
const char *record_kind_text(enum record_kind kind);
const char *close_order_text(enum close_order order); /* NULL for ORDER_NONE */
const char *datapath_text(enum datapath datapath);
const char *limit_text(enum limit limit); /* NULL for LIMIT_UNKNOWN */

/* Of both directions, the one that is held back more. */
enum limit record_limit(const struct record *record);

/* One more turn. */
void record_count_turn(struct record_turns *turns, int64_t turn_us);

/* Nothing known yet: every offset is RECORD_UNKNOWN. */
void record_init(struct record *record);

/* The leg has another socket, of whose path nothing is known. */
void record_forget_sample(struct record_leg *leg);

/* What a question for a queue answered (net/socket.h): bytes, or -errno. */
static inline uint32_t
record_queue(int answer)
{
	return answer < 0 ? TCP_UNKNOWN_32 : (uint32_t)answer;
}

/* The address last tried; its port is 0 on a Unix target. */
static inline const struct flow_end *
record_target(const struct record *record)
{
	return &record->legs[LEG_UPSTREAM].flow.destination;
}

/* Microseconds from its opening to `now`. */
int64_t record_offset_us(const struct record *record, int64_t now);

#endif
