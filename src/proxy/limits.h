/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LIMITS_H
#define PROXY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include "track/record.h"

/*
 * Who is slow: what held back the bytes on their way to one side, judged by
 * what took the greatest share of the time between two looks.
 *
 *   ├──────────────────────── interval ────────────────────────┤
 *   ├── receiver's window ──┤─ our buffer ─┤── path ──┤── rest ──┤
 *   └───────────────── busy (TCP_INFO) ───────────────┘
 *
 * In the rest there was nothing to send: it is the application's who speaks,
 * ours when its bytes lay unread all the time, or nobody's.
 */
struct limits_look {
	int64_t interval_us;
	int64_t busy_us, rwnd_limited_us, sndbuf_limited_us; /* of it, by the sink's socket; tcp(7), TCP_INFO */
	uint64_t moved;                                      /* bytes in it */
	bool waits_for_path;   /* bytes queue for the window of the path, or had to be sent again */
	bool sink_full;        /* the sink's socket takes nothing of what we have */
	bool source_neglected; /* bytes lay unread at both looks, and the sink had room */
	bool is_unix;          /* the sink: no TCP_INFO */
};

enum limit limits_judge(const struct limits_look *look);

#endif
