/* SPDX-License-Identifier: MIT */
#ifndef STRESS_VERDICT_H
#define STRESS_VERDICT_H

#include <jansson.h>
#include "stress/play.h"

/* What a run has seen so far. */
struct verdict {
	uint64_t connections, bytes[2], urgent; /* bytes: that the daemon read, by leg */
	uint64_t undelivered, undecided;        /* undecided: no initiator, both ends came in one turn */
	uint64_t tight, loose;                  /* directions that broke off and lost bytes: told to the byte, or not */
	uint64_t endings[ENDINGS];
	char complaint[1024]; /* empty: the record and both sides agree */
};

/* The fields that are asked for. */
#define VERDICT_FIELDS \
	"id,client.port,legs.upstream.tuple.source_port,kind,bytes_received,bytes_sent,receive_queue_bytes," \
	"fin_received_us,fin_sent_us,rst_received_us,rst_sent_us,errno,close"

/* False: they do not. */
bool verdict_on(struct verdict *verdict, const struct play *play, const json_t *record);

/* Both lanes' together. */
void verdict_add(struct verdict *verdict, const struct verdict *other);

#endif
