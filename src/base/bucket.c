/* SPDX-License-Identifier: MIT */
#include "base/bucket.h"

#include "base/clock.h"

bool
bucket_take(struct bucket *bucket, uint32_t per_second, int64_t now)
{
	int64_t full_at = atomic_load(&bucket->full_at), then, one;

	if (per_second == 0)
		return true;
	one = NS_PER_S / per_second;
	do {
		then = (full_at > now ? full_at : now) + one;
		if (then - now > one * per_second)
			return false;
	} while (!atomic_compare_exchange_weak(&bucket->full_at, &full_at, then));
	return true;
}

void
bucket_return(struct bucket *bucket, uint32_t per_second)
{
	if (per_second != 0)
		atomic_fetch_sub(&bucket->full_at, NS_PER_S / per_second);
}

bool
bucket_is_full(const struct bucket *bucket, int64_t now)
{
	return atomic_load(&bucket->full_at) <= now;
}
