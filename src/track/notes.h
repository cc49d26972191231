/* SPDX-License-Identifier: MIT */
#ifndef TRACK_NOTES_H
#define TRACK_NOTES_H

#include <stdbool.h>
#include <stdint.h>
#include "base/flow.h"

/*
 * What few connections have and no record has room for: a target that failed
 * before another one took the client, a long stall, what an admin said.  A
 * bounded pool for each worker.
 *
 *   record ── first_note ──► note ──► note ──► 0        newest first
 *
 * Notes stay as long as the record can be found, live and in history.  A note
 * names its connection: whoever reads one of another id came too late.
 */
struct notes;

enum note_kind {
	NOTE_ATTEMPT, /* a target that failed */
	NOTE_STALL,   /* a side that took nothing for a while */
	NOTE_TEXT,    /* an admin ended it, with a piece of the words given, the last piece first */
};

enum {
	NOTE_TEXT_MAX = 32, /* of one piece; no NUL where it is full */
	NOTES_MAX = 64,     /* of one connection */
};

struct note {
	uint64_t id;   /* the connection's */
	uint32_t next; /* 0: none */
	uint8_t kind, leg;
	uint16_t error;
	int64_t at_us; /* since it was opened */
	union {
		struct {
			int64_t until_us; /* RECORD_UNKNOWN: it still lasts */
			struct flow_end address;
			uint16_t target;
			uint8_t reached; /* enum connect_step */
			bool bound;
		};
		char text[NOTE_TEXT_MAX];
	};
};

enum { NOTE_WORDS = 7, NOTES_CAPACITY = 65536 };
_Static_assert(sizeof(struct note) == NOTE_WORDS * sizeof(uint64_t), "with its version 64 bytes");

/* capacity: of each worker; memory is touched as it is used.  NULL: no memory. */
struct notes *notes_new(int workers, uint32_t capacity);
void notes_free(struct notes *notes);

/* The owning worker only: its number, which is never 0; 0: there is no room. */
uint32_t notes_add(struct notes *notes, int worker, const struct note *note);
void notes_change(struct notes *notes, int worker, uint32_t number, const struct note *note);
/* … gives back a note and all behind it. */
void notes_release(struct notes *notes, int worker, uint32_t first);

/* Any thread.  False: it is not that connection's any more. */
bool notes_read(const struct notes *notes, int worker, uint32_t number, uint64_t id, struct note *copy);

#endif
