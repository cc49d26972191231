/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_JSON_H
#define EXPORT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Documents: what jansson writes, in the manner of this program.  Foreign bytes
 * become U+FFFD before jansson sees them (it would drop the whole value),
 * numbers are integers, and what is unknown is null.
 *
 * Connection records have a writer of their own: record_json.h.
 */

/* NULL is null. */
json_t *json_text(const char *text);

void json_add_text(json_t *object, const char *key, const char *text);
void json_add_bool(json_t *object, const char *key, bool truth);
void json_add_count(json_t *object, const char *key, uint64_t count);
void json_add_known(json_t *object, const char *key, int64_t number);    /* negative: null */
void json_add_instant(json_t *object, const char *key, int64_t wall_us); /* 0: null */

/* The new object or array, which belongs to `object`. */
json_t *json_add_object(json_t *object, const char *key);
json_t *json_add_array(json_t *object, const char *key);

/* One line, with its newline, from malloc; takes the document.  NULL: no memory. */
char *json_line(json_t *document, size_t *length);

#endif
