/* SPDX-License-Identifier: MIT */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <jansson.h>
#include "api/reply.h"

/*
 * What each operation answers, for those who write clients: OpenAPI 3.1.  Paths
 * and parameters come from the router's table, records from that of the fields.
 */
enum { ANSWER_FORMS_MAX = 4, ANSWER_PROBLEMS_MAX = 6 };

/* One method of one path, HEAD and OPTIONS apart, which follow from GET. */
struct operation {
	const char *path, *method; /* as in the router's table */
	const char *id;
	int status; /* when all is well */
	struct {
		const char *type;
		const char *schema; /* the name of one of openapi_schemas; NULL: any text */
	} forms[ANSWER_FORMS_MAX];
	enum problem problems[ANSWER_PROBLEMS_MAX]; /* beside those that any request may meet; PROBLEM_NONE ends them */
	const char *body;                           /* the schema of what is sent; NULL: nothing is */
};
extern const struct operation openapi_operations[];
extern const int openapi_operation_count;

/* The documents that are no records: as JSON Schema, by name.  The last has no name. */
struct openapi_schema {
	const char *name, *json;
};
extern const struct openapi_schema openapi_schemas[];

/* NULL: no memory. */
json_t *openapi_document(void);

#endif
