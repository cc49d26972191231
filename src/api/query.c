/* SPDX-License-Identifier: MIT */
#include "api/query.h"

#include <stddef.h>
#include <string.h>
#include "base/utf8.h"

static int
hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Text gets shorter, never longer. */
static enum query_fault
decode(char *text, bool plus_is_space)
{
	char *from = text, *to = text;

	for (; *from != '\0'; from++) {
		if (*from == '%') {
			if (hex(from[1]) == -1 || hex(from[2]) == -1)
				return QUERY_BAD_ESCAPE;
			*to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 2;
		} else {
			*to++ = plus_is_space && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	size_t length = (size_t)(to - text);
	return strlen(text) == length && utf8_is_valid(text, length) ? QUERY_FINE : QUERY_NO_TEXT;
}

static enum query_fault
add(struct query *query, char *name)
{
	char *value = strchr(name, '=');
	enum query_fault fault;

	if (value != NULL)
		*value++ = '\0';
	fault = decode(name, true);
	if (fault == QUERY_FINE && value != NULL)
		fault = decode(value, true);
	if (fault == QUERY_FINE && query_value(query, name) != NULL)
		fault = QUERY_REPEATED;
	if (fault == QUERY_FINE && query->count == QUERY_PARAMETERS_MAX)
		fault = QUERY_TOO_MANY;
	if (fault != QUERY_FINE)
		return fault;
	query->parameters[query->count].name = name;
	query->parameters[query->count++].value = value == NULL ? "" : value;
	return QUERY_FINE;
}

enum query_fault
query_parse(struct query *query, char *text, const char **name)
{
	char *part;

	query->count = 0;
	while ((part = strsep(&text, "&")) != NULL) {
		enum query_fault fault = *part == '\0' ? QUERY_FINE : add(query, part);

		if (fault != QUERY_FINE) {
			*name = fault == QUERY_TOO_MANY ? NULL : part;
			return fault;
		}
	}
	return QUERY_FINE;
}

const char *
query_value(const struct query *query, const char *name)
{
	for (int i = 0; i < query->count; i++) {
		if (strcmp(query->parameters[i].name, name) == 0)
			return query->parameters[i].value;
	}
	return NULL;
}

enum query_fault
path_parse(struct path *path, char *text)
{
	char *word;

	path->count = 0;
	text++;
	if (*text == '\0')
		return QUERY_FINE;
	while ((word = strsep(&text, "/")) != NULL) {
		enum query_fault fault = decode(word, false);

		if (fault != QUERY_FINE)
			return fault;
		if (path->count == PATH_WORDS_MAX)
			return QUERY_TOO_MANY;
		path->words[path->count++] = word;
	}
	return QUERY_FINE;
}

bool
query_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 18 || text[length] != '\0')
		return false;
	for (*number = 0; *text != '\0'; text++)
		*number = *number * 10 + (uint64_t)(*text - '0');
	return *number >= low && *number <= high;
}
