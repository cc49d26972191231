/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SCHEMA_H
#define SUPPORT_SCHEMA_H

#include <stdbool.h>
#include <jansson.h>
#include "support/proxy_facts.h"

/* Answers beside what the daemon says of them, judged by Debian's python3-jsonschema: support/schema_judge.py. */

/* False: it is missing. */
bool schema_has_judge(void);

/* {"full": {"schema": …, "records": […]}, …}, which it takes. */
void schema_judge(json_t *parts);

/* What GET `target` answers now, beside the schema of this name in /openapi.json.  Without a judge nobody looks. */
void schema_judge_answer(struct proxy *proxy, const char *target, const char *name);

#endif
