/* SPDX-License-Identifier: MIT */
#ifndef TRACK_TARGETS_H
#define TRACK_TARGETS_H

#include <stdint.h>
#include "base/addr.h"
#include "base/flow.h"
#include "config/settings.h"

/*
 * Where the targets of each upstream are: the addresses that their names had when they were last looked up.  Of a target
 * that is an address there is nothing to tell.
 *
 * The main thread writes, anybody reads.
 */
struct targets;
struct target_life; /* of one target */

enum { TARGET_ADDRESSES_MAX = 16, TARGET_ERROR_MAX = 64 };

struct target_facts {
	uint64_t changes; /* of what stands below; 0: its name was not looked up so far */
	int64_t at_us;    /* clock_wall_us of the last one */
	uint64_t count;
	struct flow_end addresses[TARGET_ADDRESSES_MAX]; /* port 0: those that are used, also while look-ups fail */
	char error[TARGET_ERROR_MAX];                    /* why the last look-up failed; "": it did not */
};

struct targets *targets_new(const struct settings *settings); /* NULL: no memory */
void targets_free(struct targets *targets);

/* NULL: it has no name. */
struct target_life *targets_life(const struct targets *targets, int upstream, int target);

/* The main thread only; what was known already is no change, nor is another order.  A life may be NULL. */
void target_found(struct target_life *life, const struct addr *addresses, int count);
void target_failed(struct target_life *life, const char *why);

void target_read(const struct target_life *life, struct target_facts *facts);

#endif
