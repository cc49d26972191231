/* SPDX-License-Identifier: MIT */
/* What a request line can hold: anybody's bytes, which must end as UTF-8 or as a fault. */
#include "api/cursor.h"
#include "api/query.h"
#include "base/utf8.h"
#include "track/conn_id.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
expect(bool promise)
{
	if (!promise)
		abort();
}

static void
try_query(char *text)
{
	struct query query;
	const char *name = NULL;

	if (query_parse(&query, text, &name) != QUERY_FINE)
		return;
	expect(query.count <= QUERY_PARAMETERS_MAX);
	for (int i = 0; i < query.count; i++) {
		const char *value = query.parameters[i].value;
		uint64_t number;

		name = query.parameters[i].name;
		expect(utf8_is_valid(name, strlen(name)) && utf8_is_valid(value, strlen(value)));
		expect(query_value(&query, name) == value); /* none is there twice */
		expect(!query_number(value, 1, 10000, &number) || (number >= 1 && number <= 10000));
	}
}

/* One place, one text. */
static void
try_cursor(const char *text)
{
	static char again[CURSOR_TEXT_MAX];
	struct cursor cursor;
	struct text formatted;

	if (!cursor_parse(&cursor, text))
		return;
	text_init(&formatted, again, sizeof(again));
	cursor_format(&cursor, &formatted);
	expect(!formatted.truncated && strcmp(again, text) == 0);
}

static void
try_id(const char *text)
{
	char again[CONN_ID_TEXT_MAX];
	uint64_t boot, id;

	if (conn_id_parse(text, &boot, &id))
		expect(strcmp(conn_id_format(boot, id, again), text) == 0);
}

static void
try_path(const char *text)
{
	char *copy = malloc(strlen(text) + 2);
	struct path path;

	*copy = '/';
	strcpy(copy + 1, text);
	if (path_parse(&path, copy) == QUERY_FINE) {
		expect(path.count <= PATH_WORDS_MAX);
		for (int i = 0; i < path.count; i++)
			expect(utf8_is_valid(path.words[i], strlen(path.words[i])));
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size);

	try_cursor(text);
	try_id(text);
	try_path(text);
	try_query(text);
	free(text);
	return 0;
}
