/* SPDX-License-Identifier: MIT */
#ifndef TRACK_DRAINING_H
#define TRACK_DRAINING_H

#include <stdint.h>

/*
 * Does the process still take clients?  The main thread writes, anybody reads.
 *
 *   no ──► on order ──► to stop         an order can be taken back, a stop cannot
 *   ▲         │
 *   └─────────┘
 */
struct draining;

enum draining_state { DRAINING_NO, DRAINING_ON_ORDER, DRAINING_TO_STOP };

struct draining_facts {
	int64_t state;      /* enum draining_state; the rest holds while it drains */
	int64_t since_us;   /* clock_wall_us; the same moment as since_ns */
	int64_t since_ns;   /* clock_now */
	int64_t until_ns;   /* when whoever is left will be cut, or was */
	int64_t changed_us; /* clock_wall_us of the last write, whatever it was; 0: none so far */
};

struct draining *draining_new(void); /* NULL: no memory */
void draining_free(struct draining *draining);

void draining_write(struct draining *draining, const struct draining_facts *facts);
void draining_read(const struct draining *draining, struct draining_facts *facts);

#endif
