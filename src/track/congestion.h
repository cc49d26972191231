/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CONGESTION_H
#define TRACK_CONGESTION_H

#include <stdint.h>
#include "net/tcp_info.h"

/*
 * The names of congestion control algorithms that one worker has met, so that a
 * record can say by a number which one a socket uses.  The worker adds a name
 * before it publishes a record with its number; names never change.
 */
enum { CONGESTION_NAMES = 16 };

struct congestion_names {
	char names[CONGESTION_NAMES][TCP_CONGESTION_MAX];
	int count;
};

/* The owner: the name's number; 0: it has none, or there is no room for one more. */
uint8_t congestion_number(struct congestion_names *names, const char *name);

/* Any thread, for a number that it read in a record.  NULL: unknown. */
const char *congestion_text(const struct congestion_names *names, uint8_t number);

#endif
