/* SPDX-License-Identifier: MIT */
#include "export/json.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"

static json_t *
cleaned(const char *text, size_t length)
{
	char *clean = malloc(length * (sizeof(UTF8_REPLACEMENT) - 1)), *to = clean;
	const char *end = text + length;

	if (clean == NULL)
		return NULL;
	while (text < end) {
		const char *from = text;

		if (utf8_next(&text, end))
			to = (char *)mempcpy(to, from, (size_t)(text - from));
		else
			to = (char *)mempcpy(to, UTF8_REPLACEMENT, sizeof(UTF8_REPLACEMENT) - 1);
	}
	json_t *string = json_stringn(clean, (size_t)(to - clean));
	free(clean);
	return string;
}

json_t *
json_text(const char *text)
{
	if (text == NULL)
		return json_null();
	size_t length = strlen(text);
	return utf8_is_valid(text, length) ? json_stringn(text, length) : cleaned(text, length);
}

void
json_add_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_text(text));
}

void
json_add_bool(json_t *object, const char *key, bool truth)
{
	json_object_set_new(object, key, json_boolean(truth));
}

void
json_add_count(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
}

void
json_add_known(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, number < 0 ? json_null() : json_integer(number));
}

void
json_add_instant(json_t *object, const char *key, int64_t wall_us)
{
	char text[CLOCK_TEXT_MAX];

	json_add_text(object, key, wall_us == 0 ? NULL : clock_format(wall_us, text, sizeof(text)));
}

static json_t *
add(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0 ? value : NULL;
}

json_t *
json_add_object(json_t *object, const char *key)
{
	return add(object, key, json_object());
}

json_t *
json_add_array(json_t *object, const char *key)
{
	return add(object, key, json_array());
}

char *
json_line(json_t *document, size_t *length)
{
	size_t size = json_dumpb(document, NULL, 0, JSON_COMPACT);
	char *line = size == 0 ? NULL : malloc(size + 1);

	if (line != NULL) {
		json_dumpb(document, line, size, JSON_COMPACT);
		line[size] = '\n';
		*length = size + 1;
	}
	json_decref(document);
	return line;
}
