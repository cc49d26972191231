/* SPDX-License-Identifier: MIT */
#ifndef PROXY_FAREWELL_H
#define PROXY_FAREWELL_H

#include <stdbool.h>
#include <stdint.h>
#include "net/tcp_info.h"
#include "track/record.h"

/* What conn knows of a leg when it is about to close it. */
struct farewell_leg {
	int fd;                        /* -1: there is no socket */
	const struct tcp_facts *facts; /* of a moment ago, and nothing was sent since; NULL: to be asked */
	bool is_unix;
	bool ended; /* its FIN was seen */
	bool abort; /* it will be closed by a RST */
	int error;  /* errno by which it was lost; 0: it was not */
	uint32_t end_turn;
	bool end_met;
};

struct farewell {
	struct farewell_leg legs[LEG_COUNT];
	enum close_reason why;
	enum leg_name fault;
	unsigned prologue; /* bytes of ours among those sent to the upstream */
	unsigned preface;  /* bytes among those that the client sent, before its payload */
	bool unsorted;     /* where its payload begins is not known: the PROXY header was not whole */
	uint32_t turn;     /* this one */
	int64_t now_ns;
	int error; /* errno of the last failed connect, if that was the end */
};

/* Asks the kernel a last time and writes the close part of the record.  Both
 * sockets must still be open: what they tell survives a RST, but not a close. */
void farewell_say(const struct farewell *farewell, struct record *record);

#endif
