/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FIELDS_H
#define TRACK_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include "track/record.h"
#include "track/track.h"

#define FIELD_ENUM(name) FIELD_##name /* lets LEG(…) in fields.def expand first */

enum field {
#define FIELD(name, path, type, view, known, value, meaning) FIELD_ENUM(name),
#include "track/fields.def"
	FIELD_COUNT
};

enum field_type {
	TYPE_BOOL,
	TYPE_COUNT,    /* a number */
	TYPE_BYTES,    /* a number of bytes */
	TYPE_RATE,     /* bytes a second */
	TYPE_DURATION, /* microseconds */
	TYPE_OFFSET,   /* microseconds since opened_at */
	TYPE_INSTANT,  /* RFC 3339, UTC, six decimals */
	TYPE_TEXT,
	TYPE_WORD,    /* one of the few that field_words.h tells */
	TYPE_ADDRESS, /* IPv4 or IPv6 as text */
	TYPE_PORT,
	TYPE_ERRNO,    /* its name, "ECONNRESET" */
	TYPE_ATTEMPTS, /* a list: track/story.h */
	TYPE_EVENTS,   /* a list: track/story.h */
	FIELD_TYPES
};
extern const char *const field_type_texts[FIELD_TYPES];

/* Each holds those before it. */
enum field_view { VIEW_SHORT, VIEW_FULL, VIEW_SINGLE, FIELD_VIEWS };

struct field_meaning {
	const char *path; /* "legs.client.bytes_received": dots lead into objects */
	enum field_type type;
	enum field_view view; /* the first that has it */
	bool may_be_null;     /* although the object that it stands in is not */
	const char *meaning;
};
extern const struct field_meaning field_meanings[FIELD_COUNT];

/* A list has no value of its own: story_attempts or story_events tells it. */
enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_INSTANT, VALUE_ADDRESS, VALUE_TEXT, VALUE_LIST };

struct value {
	enum value_kind kind;
	bool truth;
	int64_t number;             /* of VALUE_INSTANT microseconds since 1970, UTC */
	const struct flow_end *end; /* VALUE_ADDRESS: its ip alone */
	const char *text;           /* may be foreign bytes: an encoder must not trust them */
};

/* One record, at one moment.  `room` holds the text that the last field needed. */
struct reading {
	const struct track *track;
	const struct record *record;
	int64_t now_ns; /* clock_now */
	char room[1280];
};

/* The value lives until the next call with the same reading. */
struct value field_read(struct reading *reading, enum field field);

/* As records show it: null, too, where the object that it stands in is null. */
struct value field_show(struct reading *reading, enum field field);

/* Objects that are null as a whole, whatever stands in them: `legs.upstream`
 * before its socket, `close` while open.  Paths of fields begin with theirs. */
enum field_object { OBJECT_UPSTREAM_LEG, OBJECT_CLOSE, FIELD_OBJECTS };
extern const char *const field_object_paths[FIELD_OBJECTS];
bool field_object_is_null(const struct record *record, enum field_object object);

#endif
