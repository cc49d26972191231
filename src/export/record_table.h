/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_RECORD_TABLE_H
#define EXPORT_RECORD_TABLE_H

#include "base/text.h"
#include "track/field_set.h"

/*
 * Connections as lines for people, with aligned columns:
 *
 *   ID                     STATE         CLIENT             …    AGE   IDLE      UP  …
 *   1b7u2m0s3d00400000001  established   10.0.0.7:51034     …  5m20s  1.20s  12.3kB  …
 *
 * Widths are fixed, so a line is written as soon as its record is there.  What
 * is too wide for its column shifts those behind it, as far as it must.  Every
 * byte is printable ASCII, whatever names are made of; `-` is what JSON calls
 * null.
 */
enum { RECORD_TABLE_LINE_MAX = 64 * 1024 };

enum cell {
	CELL_FIELD,
	CELL_CLIENT,      /* address and port */
	CELL_TARGET,      /* likewise, or its name on a Unix socket */
	CELL_UP,          /* bytes from the client … */
	CELL_DOWN,        /* … and from the upstream */
	CELL_RTT,         /* of both legs the longer … */
	CELL_RETRANSMITS, /* … and the greater */
};

struct column {
	enum cell cell;
	enum field field; /* of CELL_FIELD */
	const char *heading;
	int width;
	bool right; /* numbers end in one line */
};

struct record_table {
	int count;
	struct column columns[FIELD_COUNT];
};

/* Whatever people want to see at first; or these fields, by their paths. */
void record_table_init(struct record_table *table, const struct settings *settings);
void record_table_init_fields(struct record_table *table, const struct field_set *fields);

/* Any thread.  One line each, without its newline. */
void record_table_write_heading(struct text *text, const struct record_table *table);
void record_table_write(struct text *text, const struct record_table *table, struct reading *reading);

#endif
