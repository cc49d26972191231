/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_JSON_AT_H
#define CLIENT_JSON_AT_H

#include <jansson.h>

/* What stands in a document at a path, "legs.client.tuple.source_ip"; NULL: nothing does, or null. */
const json_t *json_at(const json_t *document, const char *path);

/* The same as a text, NULL if it is none; and as a number, `otherwise` if it is none. */
const char *json_at_text(const json_t *document, const char *path);
json_int_t json_at_number(const json_t *document, const char *path, json_int_t otherwise);

#endif
