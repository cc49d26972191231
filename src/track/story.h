/* SPDX-License-Identifier: MIT */
#ifndef TRACK_STORY_H
#define TRACK_STORY_H

#include <stdint.h>
#include "track/attempt.h"
#include "track/record.h"
#include "track/track.h"

/*
 * The life of a connection step by step, and the upstream addresses that it
 * tried.  Both are made when somebody asks, from what the record and its notes
 * hold anyway: a life without mishap needs no room of its own.
 */
enum story_step {
	STORY_ACCEPT,
	STORY_DENIED,
	STORY_SOCKET, /* of an attempt, with its errno where it failed there; so the next two */
	STORY_BIND,
	STORY_CONNECT,
	STORY_CONNECT_FAILED,
	STORY_CONNECTED,
	STORY_FIRST_BYTE, /* that came from this side */
	STORY_STALL,      /* this side began to take nothing … */
	STORY_RESUME,     /* … and takes again what is there for it */
	STORY_FIN_RECEIVED,
	STORY_FIN_SENT,
	STORY_RST_RECEIVED,
	STORY_LOST, /* this side answers no more */
	STORY_TIMEOUT,
	STORY_KILL,
	STORY_DRAIN,
	STORY_SHUTDOWN,
	STORY_RST_SENT,
	STORY_CLOSE,
	STORY_STEPS
};

struct story_event {
	int64_t at_us; /* since it was opened */
	enum story_step step;
	enum leg_name leg; /* or LEG_NONE */
	uint16_t error;    /* 0: none */
};

struct story_attempt {
	struct flow_end address; /* port 0: a Unix target */
	uint16_t target;         /* index in the upstream's setting */
	int64_t began_us;
	int64_t ended_us; /* RECORD_UNKNOWN: it has not */
	uint16_t error;
	uint8_t reached; /* enum connect_step */
	bool bound;
	bool overtaken; /* the connection closed before it ended */
};

enum { STORY_ATTEMPTS_MAX = NOTES_MAX + 1, STORY_EVENTS_MAX = 4 * STORY_ATTEMPTS_MAX + 20 };

const char *story_step_text(enum story_step step);

const char *story_attempt_result(const struct story_attempt *attempt);

/* In the order of time.  How many there are. */
int story_events(const struct track *track, const struct record *record, struct story_event events[STORY_EVENTS_MAX]);
int story_attempts(
    const struct track *track, const struct record *record, struct story_attempt attempts[STORY_ATTEMPTS_MAX]);

/* It failed for want of something of ours, a source port say, which tells nothing of the target. */
bool story_attempt_is_ours(const struct story_attempt *attempt);
bool story_attempt_is_shortage(const struct story_attempt *attempt); /* … of a source port */

/* The target that was tried first, if that is over and was not for us to answer for; -1: it is not, or not known.  *error: what
 * became of it, 0: it was connected.  `attempts`: all of them. */
int story_first_target(const struct record *record, const struct story_attempt *attempts, int count, int *error);

/* What the admin gave as a reason; NULL: nothing.  text: STORY_WORDS_MAX bytes. */
enum { STORY_WORDS_MAX = 4 * NOTE_TEXT_MAX + 1 };
const char *story_admin_words(const struct track *track, const struct record *record, char text[STORY_WORDS_MAX]);

#endif
