/* SPDX-License-Identifier: MIT */
#include "support/wait_until.h"

#include <check.h>
#include <poll.h>
#include <time.h>

int64_t
wait_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
wait_a_little(int64_t begun_ms, const char *condition, const char *file, int line)
{
	if (wait_clock_ms() - begun_ms > PATIENCE_MS)
		ck_abort_msg("%s:%d: waited %d s in vain for: %s", file, line, PATIENCE_MS / 1000, condition);
	poll(NULL, 0, 2);
}
