/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_EXPOSITION_H
#define SUPPORT_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What /metrics answered, line by line.  A series is named as it is written,
 * labels and all: "sockproxy_events_dropped_total{sink=\"log\"}".
 */
struct sample {
	const char *series;
	const char *value;
	const char *family; /* of the HELP and TYPE before it */
	const char *type;
};

struct exposition {
	char *text; /* taken apart in place */
	struct sample *samples;
	size_t count;
};

/* A copy of the body.  Asserts that it is well formed: a HELP and a TYPE for each family, once and before its
 * samples, which stand together; no series twice; values that are numbers; histograms that add up. */
struct exposition exposition_read(const char *body);
void exposition_forget(struct exposition *exposition);

/* NULL: there is no such series. */
const char *exposition_value(const struct exposition *exposition, const char *series);

/* Asserts that there is one, whose value is a whole number. */
long long
exposition_number(const struct exposition *exposition, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sum over all series of this name whose labels have each of the two texts in them; NULL: any. */
long long exposition_sum(const struct exposition *exposition, const char *name, const char *one, const char *other);

#endif
