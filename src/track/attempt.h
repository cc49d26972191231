/* SPDX-License-Identifier: MIT */
#ifndef TRACK_ATTEMPT_H
#define TRACK_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

/* What came of an attempt to connect an address of the upstream. */
enum attempt_result {
	ATTEMPT_CONNECTING, /* nothing yet */
	ATTEMPT_CONNECTED,
	ATTEMPT_REFUSED,
	ATTEMPT_UNREACHABLE,
	ATTEMPT_TIMEOUT,
	ATTEMPT_RESET,
	ATTEMPT_PORT_SHORTAGE, /* no source port was free towards it */
	ATTEMPT_FAILED,        /* anything else */
	ATTEMPT_ABANDONED,     /* the connection ended before that was known */
	ATTEMPT_RESULTS
};

/* The words of records, NULL behind the last. */
extern const char *const attempt_results[];

/* Of one that has ended, with 0 or its errno.  `reached`: enum connect_step. */
enum attempt_result attempt_result(uint16_t error, uint8_t reached);

#endif
