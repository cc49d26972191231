/* SPDX-License-Identifier: MIT */
#include "support/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "support/suite.h"

static const char python[] = "/usr/bin/python3"; /* Debian's; the PATH may begin with some other */

bool
schema_has_judge(void)
{
	char command[128];

	snprintf(command, sizeof(command), "%s -c 'import jsonschema' 2>/dev/null", python);
	return system(command) == 0;
}

void
schema_judge(json_t *parts)
{
	char file[] = "/tmp/sockproxy-schema-XXXXXX", command[512];
	const char *srcdir = getenv("srcdir");
	int fd = mkstemp(file);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(json_dumpfd(parts, fd, JSON_COMPACT), 0);
	close(fd);
	json_decref(parts);
	snprintf(command, sizeof(command), "%s %s/tests/support/schema_judge.py %s", python,
	    srcdir == NULL ? "." : srcdir, file);
	int status = system(command);
	unlink(file);
	ck_assert_int_eq(status, 0);
}

/* The document's other schemas come along, for it names them. */
void
schema_judge_answer(struct proxy *proxy, const char *target, const char *name)
{
	if (!schema_has_judge())
		return;
	json_t *components = path(http_get_json(proxy, "/openapi.json"), "components");
	json_t *schema = json_deep_copy(json_object_get(json_object_get(components, "schemas"), name));
	json_object_set(schema, "components", components);
	schema_judge(json_pack("{s:{s:o, s:[O]}}", name, "schema", schema, "records", http_get_json(proxy, target)));
}
