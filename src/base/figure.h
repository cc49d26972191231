/* SPDX-License-Identifier: MIT */
#ifndef BASE_FIGURE_H
#define BASE_FIGURE_H

#include <stdint.h>
#include "base/text.h"

/*
 * Sizes and durations as people read them: three digits and a unit, "12.3kB".
 * What does not fit into three digits is cut, for rounding could show more than
 * there was.  Exact figures are for programs, and stand in the JSON.
 */
enum { FIGURE_MAX = 24 };

/* Narrow for columns, "12.3kB", "1.20s", "5m20s"; spaced for sentences, "12.3 kB", "512 bytes", "5 min 20 s". */
enum figure_style { FIGURE_NARROW, FIGURE_SPACED };

const char *figure_size(uint64_t bytes, enum figure_style style, char text[FIGURE_MAX]);
const char *figure_duration(int64_t us, enum figure_style style, char text[FIGURE_MAX]); /* us >= 0 */

/* In a sentence; less than nothing is told as nothing. */
void figure_add_duration(struct text *text, int64_t us);

#endif
