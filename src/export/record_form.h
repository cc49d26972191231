/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_RECORD_FORM_H
#define EXPORT_RECORD_FORM_H

#include <stddef.h>
#include "track/field_set.h"

/*
 * All but the values is the same for every record that shows the same fields,
 * so it is prepared once: a list of pieces, each some literal text and then,
 * mostly, one field.
 *
 *   {"id":          FIELD id
 *   ,"legs":{"upstream":   OBJECT legs.upstream, null: go on at ─┐
 *   {"tuple":{…     FIELD …                                      │
 *   }               TEXT                                         │
 *   },"attempts":   FIELD attempts                            ◄──┘
 */
enum piece_kind { PIECE_TEXT, PIECE_FIELD, PIECE_OBJECT };

struct piece {
	enum piece_kind kind;
	int which; /* enum field, or enum field_object … */
	int null;  /* … and the piece to go on with when that is null */
	const char *literal;
	size_t length;
};

enum { PIECES_MAX = FIELD_COUNT + 2 * FIELD_OBJECTS + 1, LITERALS_MAX = 8192 };

struct record_form {
	int count;
	struct piece pieces[PIECES_MAX];
	char literals[LITERALS_MAX];
};

/* Of these fields, in the order of their table; it points into itself. */
void record_form_init(struct record_form *form, const struct field_set *fields);

/* Any thread. */
const struct record_form *record_form_of_view(enum field_view view);

#endif
