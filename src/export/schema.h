/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_SCHEMA_H
#define EXPORT_SCHEMA_H

#include <jansson.h>
#include "track/fields.h"

/*
 * What record_json writes, as JSON Schema (2020-12), made from the same table of fields.
 *
 * Every path of the view is required; further ones may come.  x-path is the name by which a filter
 * knows a field, x-unit what its number counts.  It is the caller's.
 */
json_t *schema_record(enum field_view view);

extern const char *const field_view_texts[FIELD_VIEWS]; /* "short", "full", "single" */

#endif
