/* SPDX-License-Identifier: MIT */
#include "support/exposition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

/* Behind the name and its labels; a value of a label may hold anything but a quote that is not escaped. */
static char *
end_of_series(char *line)
{
	bool quoted = false;
	char *at = line;

	for (; *at != '\0' && (quoted || *at != ' '); at++) {
		if (quoted && *at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	ck_assert_msg(*at == ' ' && !quoted, "no value: %s", line);
	return at;
}

static bool
begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

static void
check_name(const struct sample *sample)
{
	static const char *const parts[] = { "_bucket", "_sum", "_count" };
	size_t length = strcspn(sample->series, "{"), family = strlen(sample->family);
	bool fits = false;

	ck_assert_msg(begins_with(sample->series, sample->family), "%s stands in %s", sample->series, sample->family);
	for (int i = 0; i < 3 && strcmp(sample->type, "histogram") == 0; i++)
		fits = fits || (length == family + strlen(parts[i]) && begins_with(sample->series + family, parts[i]));
	ck_assert_msg(fits || length == family, "%s stands in %s", sample->series, sample->family);
}

static void
check_value(const struct sample *sample)
{
	char *end;
	double value = strtod(sample->value, &end);

	ck_assert_msg(end != sample->value && *end == '\0' && isfinite(value) && value >= 0, "%s is %s", sample->series,
	    sample->value);
}

static void
take_sample(struct exposition *it, char *line, const char *family, const char *type)
{
	char *end = end_of_series(line);

	ck_assert_ptr_nonnull(family);
	*end = '\0';
	it->samples = realloc(it->samples, (it->count + 1) * sizeof(it->samples[0]));
	it->samples[it->count] = (struct sample){ line, end + 1, family, type };
	check_name(&it->samples[it->count]);
	check_value(&it->samples[it->count]);
	it->count++;
}

/* "# HELP name text", and then "# TYPE name type". */
static void
take_head(char *line, const char **family, const char **type)
{
	static const char help[] = "# HELP ", kind[] = "# TYPE ";
	char *name = line + strlen(help), *rest;

	ck_assert_msg(begins_with(line, help) || begins_with(line, kind), "%s", line);
	rest = strchr(name, ' ');
	ck_assert_msg(rest != NULL && rest[1] != '\0', "%s", line);
	*rest = '\0';
	if (begins_with(line, help)) {
		*family = name;
		*type = NULL;
		return;
	}
	ck_assert_msg(*family != NULL && strcmp(*family, name) == 0 && *type == NULL, "TYPE of %s", name);
	*type = rest + 1;
}

static int
compare(const void *one, const void *other)
{
	return strcmp(((const struct sample *)one)->series, ((const struct sample *)other)->series);
}

static void
check_unique(const struct exposition *it)
{
	struct sample *sorted = malloc(it->count * sizeof(sorted[0]));

	memcpy(sorted, it->samples, it->count * sizeof(sorted[0]));
	qsort(sorted, it->count, sizeof(sorted[0]), compare);
	for (size_t i = 1; i < it->count; i++)
		ck_assert_msg(strcmp(sorted[i - 1].series, sorted[i].series) != 0, "twice: %s", sorted[i].series);
	free(sorted);
}

/* Buckets come in their order, and behind them +Inf, _sum and _count. */
static void
check_histograms(const struct exposition *it)
{
	long long last = 0;
	double bound = -1;

	for (size_t i = 0; i < it->count; i++) {
		const struct sample *sample = &it->samples[i];
		const char *le = strstr(sample->series, "le=\"");

		if (strcmp(sample->type, "histogram") != 0)
			continue;
		if (strstr(sample->series, "_bucket") != NULL) {
			ck_assert_msg(le != NULL && atoll(sample->value) >= last, "%s", sample->series);
			ck_assert_msg(strtod(le + 4, NULL) > bound, "%s", sample->series);
			last = atoll(sample->value);
			bound = strtod(le + 4, NULL);
		} else if (strstr(sample->series + strlen(sample->family), "_count") != NULL) {
			ck_assert_msg(isinf(bound) && atoll(sample->value) == last, "%s", sample->series);
			last = 0;
			bound = -1;
		}
	}
	ck_assert(bound == -1.0);
}

struct exposition
exposition_read(const char *body)
{
	struct exposition it = { .text = strdup(body) };
	const char *family = NULL, *type = NULL;
	char *rest = it.text, *line;
	size_t length = strlen(body);

	ck_assert_msg(length > 0 && body[length - 1] == '\n', "the last line has no end");
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '#')
			take_head(line, &family, &type);
		else if (*line != '\0')
			take_sample(&it, line, family, type);
	}
	check_unique(&it);
	check_histograms(&it);
	for (size_t i = 1; i < it.count; i++) {
		for (size_t before = 0; it.samples[i].family != it.samples[i - 1].family && before < i; before++)
			ck_assert_str_ne(it.samples[before].family, it.samples[i].family);
	}
	return it;
}

void
exposition_forget(struct exposition *exposition)
{
	free(exposition->text);
	free(exposition->samples);
	*exposition = (struct exposition){ .count = 0 };
}

const char *
exposition_value(const struct exposition *exposition, const char *series)
{
	for (size_t i = 0; i < exposition->count; i++) {
		if (strcmp(exposition->samples[i].series, series) == 0)
			return exposition->samples[i].value;
	}
	return NULL;
}

long long
exposition_number(const struct exposition *exposition, const char *format, ...)
{
	char series[1024], *end;
	va_list values;

	va_start(values, format);
	vsnprintf(series, sizeof(series), format, values);
	va_end(values);
	const char *value = exposition_value(exposition, series);
	ck_assert_msg(value != NULL, "no %s", series);
	long long number = strtoll(value, &end, 10);
	ck_assert_msg(*end == '\0', "%s is %s", series, value);
	return number;
}

long long
exposition_sum(const struct exposition *exposition, const char *name, const char *one, const char *other)
{
	size_t length = strlen(name);
	long long sum = 0;

	for (size_t i = 0; i < exposition->count; i++) {
		const char *series = exposition->samples[i].series;

		if (strcspn(series, "{") != length || strncmp(series, name, length) != 0)
			continue;
		if ((one == NULL || strstr(series, one) != NULL) && (other == NULL || strstr(series, other) != NULL))
			sum += atoll(exposition->samples[i].value);
	}
	return sum;
}
