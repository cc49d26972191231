/* SPDX-License-Identifier: MIT */
#include "client/json_at.h"

#include <string.h>

const json_t *
json_at(const json_t *document, const char *path)
{
	char name[80];

	while (document != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		document = json_object_get(document, name);
		path += length + (path[length] == '.');
	}
	return json_is_null(document) ? NULL : document;
}

const char *
json_at_text(const json_t *document, const char *path)
{
	return json_string_value(json_at(document, path));
}

json_int_t
json_at_number(const json_t *document, const char *path, json_int_t otherwise)
{
	const json_t *value = json_at(document, path);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}
