/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FIELD_NAMES_H
#define TRACK_FIELD_NAMES_H

#include <stdbool.h>
#include "track/fields.h"

/*
 * The names by which people ask for fields.
 *
 *   legs.client.tcp.rtt_us   a path, as records show it
 *   legs.client.tcp.rtt      … whose unit may be left out
 *   tcp.rtt                  a leg's field, of either leg
 *   rtt, age, port           short for one of them, or for several fields alike
 */
enum { FIELD_NAME_MAX = 96, FIELDS_NAMED_MAX = 5 };

struct field_name {
	int count; /* 0: no field has that name */
	enum field fields[FIELDS_NAMED_MAX];
	bool has_unit; /* it is said in the name: "idle_us" */
};

struct field_name field_name_find(const char *name);

/* The name that was probably meant; NULL: none is close.  text: where it is kept. */
const char *field_name_nearest(const char *name, char text[FIELD_NAME_MAX]);

/* The first field of an object, "close.reason" for "close"; NULL: no object is called so. */
const char *field_name_within(const char *object);

/* The short names, for those who list what may be said.  NULL behind the last. */
const char *field_name_short(int number);

#endif
