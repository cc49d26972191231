/* SPDX-License-Identifier: MIT */
/*
 * Only the last * is ever gone back to: an earlier one could not do better, for what stands
 * between the two has been found at the first place there is.  So there is no recursion.
 */
#include "base/glob.h"

#include <stddef.h>
#include <string.h>

static unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The class that begins behind '['.  Returns what follows its ']'; NULL: it has none, and '[' is a letter.
 * last: the pattern's last ']', so that none is sought again and again where there is none. */
static const char *
match_class(const char *at, const char *last, char c, bool *matches)
{
	bool negated = *at == '!' || *at == '^', found = false;
	const char *first = at += negated;

	if (last == NULL || last <= first)
		return NULL;
	for (; *at != ']' || at == first; at++) {
		unsigned char low = folded(*at), high = low;

		if (at[1] == '-' && at[2] != ']') {
			at += 2;
			high = folded(*at);
		}
		found |= folded(c) >= low && folded(c) <= high;
	}
	*matches = found != negated;
	return at + 1;
}

/* Whether the pattern's next letter takes c; *after is what follows that letter. */
static bool
match_one(const char *pattern, const char *last, char c, const char **after)
{
	bool matches;

	if (*pattern == '[') {
		*after = match_class(pattern + 1, last, c, &matches);
		if (*after != NULL)
			return matches;
	} else if (*pattern == '?') {
		*after = pattern + 1;
		return true;
	} else if (*pattern == '\\' && pattern[1] != '\0') {
		pattern++;
	}
	*after = pattern + 1;
	return *pattern != '\0' && folded(*pattern) == folded(c);
}

bool
glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL, *after; /* behind the last *, and where its rest was tried */
	const char *last = strrchr(pattern, ']');

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (match_one(pattern, last, *text, &after)) {
			pattern = after;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
