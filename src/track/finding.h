/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FINDING_H
#define TRACK_FINDING_H

#include <stdint.h>
#include "base/flow.h"
#include "track/leg.h"

/*
 * Something that whoever is on call would want to notice, with what speaks for it: numbers alone, from
 * which finding_text.h makes sentences and a filter.
 */
enum finding_kind {
	FINDING_IDLE_CUTOFF,    /* ends cluster at one idle time */
	FINDING_NEVER_FINISHES, /* one side does not finish after the other has */
	FINDING_TARGET_FAILS,   /* a target fails far more than the others */
	FINDING_SOURCE_PORTS,   /* they run out towards a target */
	FINDING_KINDS
};

enum finding_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITIES };

const char *finding_kind_text(enum finding_kind kind);
const char *finding_severity_text(enum finding_severity severity);

/* Which of several things of one kind. */
enum finding_aspect {
	ASPECT_NONE,
	ASPECT_RESET,    /* idle_cutoff: by RST; target_fails: established ones that it aborts or loses */
	ASPECT_FIN,      /* idle_cutoff: by FIN */
	ASPECT_CONNECTS, /* target_fails: connects that fail */
};

enum { FINDING_NO_TARGET = UINT16_MAX };

struct finding {
	uint8_t kind, severity, aspect;
	uint8_t side;                        /* enum leg_name: whose doing it looks like; LEG_NONE */
	uint16_t upstream, target;           /* in the settings; where several are called the same, the first */
	int64_t first_seen_us, last_seen_us; /* clock_wall_us: when it was noticed, and the last of its evidence */
	union {
		struct {
			uint32_t ends, of_ends;           /* at that time, and all that came after a silence */
			uint32_t clients;                 /* how many addresses they had */
			uint32_t unanswered;              /* where the client had spoken last */
			int64_t idle_us, spread_us;       /* the median, and how far the farthest is from it */
			int64_t idle_min_us, idle_max_us; /* from the first to the last of them */
		} idle;
		struct {
			uint64_t cut, waiting;       /* ended by --half-close-timeout; live, and late by now */
			uint64_t half_closed;        /* all that were, or are: those too */
			int64_t late_us, longest_us; /* from when on one is late; the longest wait of those that live */
		} unfinished;
		struct {
			uint64_t tried, failed, others_tried, others_failed;
			uint64_t refused, timed_out, unreachable, other; /* ASPECT_CONNECTS */
			uint64_t reset, lost;                            /* ASPECT_RESET */
		} failures;
		struct {
			struct flow_end address;
			uint32_t sources;                      /* addresses that we connect from */
			uint64_t in_use, time_wait, shortages; /* time_wait: as far as they are ours */
			int64_t ports;                         /* of all sources together; -1: unknown */
		} ports;
	};
};

_Static_assert(sizeof(struct finding) % sizeof(uint64_t) == 0, "findings are whole words");

#endif
