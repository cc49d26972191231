/* SPDX-License-Identifier: MIT */
#ifndef UPSTREAM_GROUP_H
#define UPSTREAM_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "config/settings.h"

/*
 * The targets of one upstream, each with the addresses that its name has now.
 *
 * The main thread writes what the resolver found; workers copy it out without a
 * lock and without waiting: each target has two slots, the writer fills the one
 * that is not current and then makes it so.  Good addresses stay until better
 * ones come.
 */
struct group;

enum { ADDRESSES_MAX = 16 }; /* of one name */

/* settings must outlive it.  NULL: no memory. */
struct group *group_new(const struct upstream_setting *settings);
void group_free(struct group *group);

/* The main thread only.  count 0 is a failure and changes nothing; more than ADDRESSES_MAX are cut. */
void group_set_addresses(struct group *group, int target, const struct addr *addresses, int count);

/* Any thread. */
const struct upstream_setting *group_settings(const struct group *group);
int group_addresses(const struct group *group, int target, struct addr addresses[ADDRESSES_MAX]);

/* Any worker: whether it may tell now that source ports ran out, which is worth a line once a minute. */
bool group_tells_shortage(struct group *group, int64_t now);

/*
 * One connection's way through the group: targets round robin, beginning at the
 * next one in turn; of each target every address, then the next target.
 */
struct dial {
	uint16_t first_target, targets_tried, addresses_tried;
	uint16_t addresses_known; /* of all targets together, so far */
};

enum dial_answer {
	DIAL_ADDRESS,    /* try this one */
	DIAL_NO_ADDRESS, /* all tried, and none of the names had an address */
	DIAL_EXHAUSTED,  /* all tried */
};

/* Any worker. */
void dial_init(struct dial *dial, struct group *group);
enum dial_answer dial_next(struct dial *dial, const struct group *group, int *target, struct addr *addr);

/* After DIAL_ADDRESS: dial_next gives that one again. */
void dial_again(struct dial *dial);

#endif
