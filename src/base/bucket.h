/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket: so many a second, and as many at once after a second of quiet.
 *
 * It is one instant, when it will be full again.  Taking a token moves that on
 * by the time in which one drips in; more than a second ahead there is none to
 * take.  Nothing has to refill it, and any number of threads may take.
 */
struct bucket {
	_Atomic int64_t full_at; /* clock_now; 0 and whatever is past: it is full */
};

/* False: it is empty.  per_second 0: no limit. */
bool bucket_take(struct bucket *bucket, uint32_t per_second, int64_t now);

/* What was taken, for whoever could not use it. */
void bucket_return(struct bucket *bucket, uint32_t per_second);

bool bucket_is_full(const struct bucket *bucket, int64_t now);

#endif
