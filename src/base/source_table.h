/* SPDX-License-Identifier: MIT */
#ifndef BASE_SOURCE_TABLE_H
#define BASE_SOURCE_TABLE_H

#include <stdint.h>
#include "base/bucket.h"

/*
 * Who is connected how often: a count of open connections and a token bucket
 * for each source, shared by all threads without a lock.
 *
 * A source is an IPv4 address, or the /64 of an IPv6 one: within that, whoever
 * has one address has them all.
 *
 *   source ── hash ──► set of eight entries ──► tag and count in one word, bucket
 *
 * The memory is fixed.  An entry without connections and with a full bucket
 * says no more than none at all, and is taken over by the next source that
 * needs one.  The hash is drawn by lot at the start: which sources share a
 * set, nobody outside can know.
 */
struct source_table;

/* Eight entries for each connection there may be, touched where used.  NULL: errno says why. */
struct source_table *source_table_new(uint32_t max_conns);
void source_table_free(struct source_table *table);

/* Any thread, from here on. */

enum source_answer {
	SOURCE_COUNTED,
	SOURCE_AT_LIMIT, /* `most` are open */
	SOURCE_NO_ROOM,  /* eight others, all of them of account, have its set */
};

/* One connection more of this source (ip as in struct flow_end), unless there are `most`; 0: no limit.
 * When counted, *entry stands for it until source_table_leave. */
enum source_answer
source_table_enter(struct source_table *table, const uint8_t ip[16], uint32_t most, int64_t now, uint32_t *entry);
void source_table_leave(struct source_table *table, uint32_t entry);

/* How many are counted on it now, as far as this entry knows. */
uint32_t source_table_count(const struct source_table *table, uint32_t entry);

/* The bucket of a source that is counted. */
struct bucket *source_table_bucket(struct source_table *table, uint32_t entry);

#endif
