/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"

struct unit {
	const char *text;
	uint64_t worth;
};

/* Smallest first; where several texts are worth the same, the first is how we write it. */
static const struct unit durations[] = {
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S },
};
static const struct unit sizes[] = {
	{ "", 1 },
	{ "k", UINT64_C(1) << 10 },
	{ "K", UINT64_C(1) << 10 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "TiB", UINT64_C(1) << 40 },
};
enum { DURATIONS = sizeof(durations) / sizeof(durations[0]), SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* The digits that text begins with; NULL when there are none or too many, else what follows them. */
static const char *
take_digits(uint64_t *number, const char *text)
{
	const char *at = text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
			return NULL;
	}
	return at == text ? NULL : at;
}

static bool
parse(uint64_t *value, const char *text, const struct unit *units, int count)
{
	uint64_t number;
	const char *rest = take_digits(&number, text);

	for (int i = 0; rest != NULL && i < count; i++) {
		if (strcmp(rest, units[i].text) == 0)
			return !__builtin_mul_overflow(number, units[i].worth, value);
	}
	return false;
}

static const char *
format(uint64_t value, const struct unit *units, int count, char *text)
{
	const struct unit *best = &units[0];

	for (int i = 1; i < count; i++) {
		if (value % units[i].worth == 0 && units[i].worth > best->worth)
			best = &units[i];
	}
	snprintf(text, QUANTITY_TEXT_MAX, "%llu%s", (unsigned long long)(value / best->worth), best->text);
	return text;
}

bool
quantity_parse_count(uint64_t *count, const char *text)
{
	uint64_t number;
	const char *rest = take_digits(&number, text);

	if (rest == NULL || *rest != '\0')
		return false;
	*count = number;
	return true;
}

bool
quantity_parse_duration(int64_t *ns, const char *text)
{
	uint64_t value = 0;

	if (strcmp(text, "0") != 0 && !parse(&value, text, durations, DURATIONS))
		return false;
	if (value > INT64_MAX)
		return false;
	*ns = (int64_t)value;
	return true;
}

bool
quantity_parse_size(uint64_t *bytes, const char *text)
{
	uint64_t value;

	if (!parse(&value, text, sizes, SIZES))
		return false;
	*bytes = value;
	return true;
}

const char *
quantity_format_duration(int64_t ns, char text[QUANTITY_TEXT_MAX])
{
	uint64_t value = (uint64_t)(ns - ns % NS_PER_MS);

	return value == 0 ? strcpy(text, "0") : format(value, durations, DURATIONS, text);
}

const char *
quantity_format_size(uint64_t bytes, char text[QUANTITY_TEXT_MAX])
{
	return bytes == 0 ? strcpy(text, "0") : format(bytes, sizes, SIZES, text);
}
