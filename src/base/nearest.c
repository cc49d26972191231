/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 40, FAR = 3 };

static int
least_of(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, three rows at a time: two letters that changed places are one mistake (Damerau). */
static int
distance(const char *a, const char *b)
{
	int rows[3][WORD_MAX + 1], *above = rows[0], *last = rows[1], *row = rows[2];
	int lengths[2] = { (int)strlen(a), (int)strlen(b) };

	for (int j = 0; j <= lengths[1]; j++)
		last[j] = j;
	for (int i = 1; i <= lengths[0]; i++) {
		row[0] = i;
		for (int j = 1; j <= lengths[1]; j++) {
			row[j] = least_of(last[j - 1] + (a[i - 1] != b[j - 1]), least_of(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least_of(row[j], above[j - 2] + 1);
		}
		int *oldest = above;
		above = last;
		last = row;
		row = oldest;
	}
	return last[lengths[1]];
}

const char *
nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	int least = FAR;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *names != NULL; names++) {
		int length = (int)strlen(*names), off = length > WORD_MAX ? FAR : distance(word, *names);

		/* Of a short word two letters are most of it. */
		if (off < least && off * 2 <= length) {
			least = off;
			best = *names;
		}
	}
	return best;
}
