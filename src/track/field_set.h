/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FIELD_SET_H
#define TRACK_FIELD_SET_H

#include <stdbool.h>
#include "track/field_names.h"

/*
 * Some of the fields, chosen by name.
 *
 *   close, legs.client.tuple   an object, and all that is in it
 *   tuple, tcp                 … of both legs
 *   tcp.rtt, age               what field_names.h knows
 *
 * Where a name is that of an object and short for a field, as `client`, the
 * object is meant: it has the field, too.
 */
struct field_set {
	bool has[FIELD_COUNT];
};

/* All of a view. */
void field_set_of_view(struct field_set *set, enum field_view view);

/* False: nothing is called so. */
bool field_set_add(struct field_set *set, const char *name);

/* What of this was probably meant, by field_set_add; NULL: nothing is close. */
const char *field_set_nearest(const char *name, char text[FIELD_NAME_MAX]);

#endif
