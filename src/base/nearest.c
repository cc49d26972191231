/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 40, FAR = 3 };

/* Levenshtein's distance, one row at a time. */
static int
distance(const char *a, const char *b)
{
	int row[WORD_MAX + 1], lengths[2] = { (int)strlen(a), (int)strlen(b) };

	for (int j = 0; j <= lengths[1]; j++)
		row[j] = j;
	for (int i = 1; i <= lengths[0]; i++) {
		int corner = row[0];

		row[0] = i;
		for (int j = 1; j <= lengths[1]; j++) {
			int change = corner + (a[i - 1] != b[j - 1]);
			int step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < step ? change : step;
		}
	}
	return row[lengths[1]];
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
