/* SPDX-License-Identifier: MIT */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "api/router.h"
#include "export/record_form.h"
#include "export/record_table.h"

/*
 * What a request wants to see of each connection, and in which form.
 *
 *   view=full, or fields=id,close,rtt        which fields
 *   format=ndjson, or else the Accept header in which form
 */
enum shape_format { SHAPE_JSON, SHAPE_NDJSON, SHAPE_TABLE };

struct shape {
	enum shape_format format;
	struct record_form form;   /* of JSON; it points into itself, so a shape is not copied */
	struct record_table table; /* of SHAPE_TABLE */
};

/* The rows for them in a route's table of parameters. */
/* clang-format off */
#define SHAPE_FIELDS_PARAMETERS \
	{ "view", "{\"enum\":[\"short\",\"full\"]}", "how much of each is shown; short if not said" }, \
	{ "fields", "{\"type\":\"string\"}", "shows these fields alone: names or objects, with commas between them" }
#define SHAPE_FORMAT_PARAMETERS \
	{ "format", "{\"enum\":[\"json\",\"ndjson\",\"table\"]}", "instead of what the Accept header asks for" }
/* clang-format on */

/* Which fields, in JSON; and then which form.  False: `reply` says what is wrong. */
bool shape_take_fields(struct shape *shape, const struct request *request, struct reply *reply);
bool shape_take(struct shape *shape, const struct request *request, struct reply *reply);

/* The media type of such an answer. */
const char *shape_type(const struct shape *shape);

/* One record, without what stands between two. */
void shape_write(const struct shape *shape, struct text *text, struct reading *reading);

#endif
