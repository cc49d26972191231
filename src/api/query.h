/* SPDX-License-Identifier: MIT */
#ifndef API_QUERY_H
#define API_QUERY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The parts of a request's target, as pure functions over its text, which is
 * anybody's.  What comes out is UTF-8 without a NUL in it.
 */
enum { QUERY_PARAMETERS_MAX = 24 };

struct query {
	int count;
	struct {
		const char *name, *value; /* "" where there is no '=' */
	} parameters[QUERY_PARAMETERS_MAX];
};

enum query_fault {
	QUERY_FINE,
	QUERY_BAD_ESCAPE, /* a % without two hexadecimal digits */
	QUERY_NO_TEXT,    /* bytes that are no UTF-8, or a NUL */
	QUERY_REPEATED,   /* which of the two would count? */
	QUERY_TOO_MANY,
};

/* Takes `text`, what stands behind the '?', apart in place; the query points into it.  After a fault
 * *name is the parameter at fault, maybe not decoded; NULL: none alone is. */
enum query_fault query_parse(struct query *query, char *text, const char **name);

/* NULL: not given. */
const char *query_value(const struct query *query, const char *name);

/* The words between the slashes of a path, none of "/"; a %2F is no such slash. */
enum { PATH_WORDS_MAX = 8 };
struct path {
	int count;
	const char *words[PATH_WORDS_MAX];
};

/* Takes `text`, which begins with a slash, apart in place; the path points into it. */
enum query_fault path_parse(struct path *path, char *text);

/* Digits only, from `low` to `high`. */
bool query_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

#endif
