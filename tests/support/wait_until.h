/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_WAIT_UNTIL_H
#define SUPPORT_WAIT_UNTIL_H

#include <stdint.h>

/* How long whatever should happen may take: far longer than it ever does. */
enum { PATIENCE_MS = 15000 };

/* Looks every few milliseconds; the test fails when the condition does not come true. */
#define wait_until(condition) \
	do { \
		int64_t wait_begun = wait_clock_ms(); \
		while (!(condition)) \
			wait_a_little(wait_begun, #condition, __FILE__, __LINE__); \
	} while (0)

int64_t wait_clock_ms(void);
void wait_a_little(int64_t begun_ms, const char *condition, const char *file, int line);

#endif
