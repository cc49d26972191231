/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FILTER_LITERAL_H
#define TRACK_FILTER_LITERAL_H

#include "base/text.h"
#include "track/field_names.h"
#include "track/filter_program.h"

/* A value as it is written in a filter. */
struct literal {
	const char *at; /* where it begins there, quotes and all … */
	size_t length;  /* … and how long it is */
	bool quoted;
	char text[FILTER_TEXT_MAX + 1]; /* without the quotes */
};

/* As what a field of that name is compared with.  False: `expected` gets a sentence.  Where the value becomes a
 * text, that is the literal's, and the caller says where it is kept. */
bool literal_read(const struct literal *literal, const struct field_name *name, enum comparison comparison,
    struct filter_value *value, struct text *expected);

#endif
