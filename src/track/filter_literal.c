/* SPDX-License-Identifier: MIT */
#include "track/filter_literal.h"

#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/nearest.h"
#include "base/quantity.h"
#include "track/field_words.h"

enum { ERRNO_MAX = 133, GLOB_MAX = 256 }; /* EHWPOISON; a pattern's cost grows with its length */

static bool
refuse(struct text *expected, const char *what)
{
	text_addf(expected, "Expected %s.", what);
	return false;
}

static bool
refuse_word(struct text *expected, const char *what, const char *word, const char *const *words)
{
	const char *meant = nearest(word, words);

	if (meant != NULL)
		text_addf(expected, "No %s is called so; did you mean %s?", what, meant);
	else
		text_addf(expected, "No %s is called so.", what);
	return false;
}

static bool
read_truth(const char *text, struct filter_value *value, struct text *expected)
{
	value->kind = VALUE_BOOL;
	value->truth = strcasecmp(text, "true") == 0;
	return value->truth || strcasecmp(text, "false") == 0 || refuse(expected, "true or false");
}

/* Nothing that is counted is larger. */
static bool
take(struct filter_value *value, uint64_t number)
{
	value->kind = VALUE_NUMBER;
	value->number = number > INT64_MAX ? INT64_MAX : (int64_t)number;
	return true;
}

static bool
read_count(const char *text, struct filter_value *value, struct text *expected)
{
	uint64_t number = 0;

	return quantity_parse_count(&number, text) ? take(value, number) : refuse(expected, "a number");
}

static bool
read_port(const char *text, struct filter_value *value, struct text *expected)
{
	uint64_t number = 0;

	if (!quantity_parse_count(&number, text) || number > UINT16_MAX)
		return refuse(expected, "a port, 0 to 65535");
	return take(value, number);
}

static bool
read_size(const char *text, struct filter_value *value, struct text *expected)
{
	uint64_t number = 0;

	if (!quantity_parse_size(&number, text))
		return refuse(expected, "a size, as 65536, 64k or 1MiB");
	return take(value, number);
}

/* A number alone is meant in the field's unit if the name says which that is. */
static bool
read_duration(const char *text, bool has_unit, struct filter_value *value, struct text *expected)
{
	uint64_t us = 0;
	int64_t ns = 0;

	if (has_unit && quantity_parse_count(&us, text))
		return take(value, us);
	if (!quantity_parse_duration(&ns, text))
		return refuse(expected, "a time with its unit, as 250us, 5ms, 30s, 5m, 1h or 2d");
	return take(value, (uint64_t)(ns / NS_PER_US));
}

static bool
read_instant(const char *text, struct filter_value *value, struct text *expected)
{
	value->kind = VALUE_INSTANT;
	return clock_parse(&value->number, text) || refuse(expected, "an instant, as 2026-11-23T15:30:12Z");
}

static bool
read_address(const char *text, struct filter_value *value, struct text *expected)
{
	value->kind = VALUE_ADDRESS;
	text_add_quoted(expected, text);
	text_add(expected, ": ");
	if (network_parse(&value->network, text, expected))
		return true;
	text_add_char(expected, '.');
	return false;
}

static bool
read_word(const char *text, enum field field, struct filter_value *value, struct text *expected)
{
	const char *words[FIELD_WORDS_MAX + 1];
	int count = field_words(field, words);

	value->kind = VALUE_TEXT;
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0)
			return true;
	}
	return refuse_word(expected, field_meanings[field].path, text, words);
}

static bool
read_errno(const char *text, struct filter_value *value, struct text *expected)
{
	const char *names[ERRNO_MAX + 1];
	int count = 0;

	value->kind = VALUE_TEXT;
	for (int error = 1; error <= ERRNO_MAX; error++) {
		names[count] = strerrorname_np(error);
		if (names[count] != NULL && strcmp(names[count], text) == 0)
			return true;
		count += names[count] != NULL;
	}
	names[count] = NULL;
	return refuse_word(expected, "errno", text, names);
}

bool
literal_read(const struct literal *literal, const struct field_name *name, enum comparison comparison,
    struct filter_value *value, struct text *expected)
{
	enum field field = name->fields[0];

	if (comparison == IS_LIKE) {
		value->kind = VALUE_TEXT;
		if (strlen(literal->text) <= GLOB_MAX)
			return true;
		text_addf(expected, "A pattern may have at most %d bytes.", GLOB_MAX);
		return false;
	}
	if (!literal->quoted && strcasecmp(literal->text, "null") == 0) {
		value->kind = VALUE_NULL;
		return comparison == IS_EQUAL || refuse(expected, "a value: only == and != ask for null");
	}
	switch (field_meanings[field].type) {
	case TYPE_BOOL:
		return read_truth(literal->text, value, expected);
	case TYPE_COUNT:
		return read_count(literal->text, value, expected);
	case TYPE_PORT:
		return read_port(literal->text, value, expected);
	case TYPE_BYTES:
	case TYPE_RATE:
		return read_size(literal->text, value, expected);
	case TYPE_DURATION:
	case TYPE_OFFSET:
		return read_duration(literal->text, name->has_unit, value, expected);
	case TYPE_INSTANT:
		return read_instant(literal->text, value, expected);
	case TYPE_ADDRESS:
		return read_address(literal->text, value, expected);
	case TYPE_WORD:
		return read_word(literal->text, field, value, expected);
	case TYPE_ERRNO:
		return read_errno(literal->text, value, expected);
	default:
		value->kind = VALUE_TEXT;
		return true;
	}
}
