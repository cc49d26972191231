/* SPDX-License-Identifier: MIT */
#include "base/figure.h"

#include <stdio.h>

static const char *
scale(uint64_t number, const char *const *units, char text[FIGURE_MAX])
{
	unsigned unit = 0, rest = 0;

	for (; number >= 1000; number /= 1000, unit++)
		rest = (unsigned)(number % 1000);
	if (unit == 0 || number >= 100)
		snprintf(text, FIGURE_MAX, "%u%s", (unsigned)number, units[unit]);
	else if (number >= 10)
		snprintf(text, FIGURE_MAX, "%u.%u%s", (unsigned)number, rest / 100, units[unit]);
	else
		snprintf(text, FIGURE_MAX, "%u.%02u%s", (unsigned)number, rest / 10, units[unit]);
	return text;
}

const char *
figure_size(uint64_t bytes, enum figure_style style, char text[FIGURE_MAX])
{
	static const char *const units[][7] = {
		[FIGURE_NARROW] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" },
		[FIGURE_SPACED] = { " bytes", " kB", " MB", " GB", " TB", " PB", " EB" },
	};

	if (bytes == 1 && style == FIGURE_SPACED)
		return "1 byte";
	return scale(bytes, units[style], text);
}

/* Two units side by side, "1h05m" or "1 h 5 min". */
static const char *
pair(unsigned great, const char *unit, unsigned small, const char *rest, enum figure_style style, char text[FIGURE_MAX])
{
	snprintf(text, FIGURE_MAX, "%u%s%0*u%s", great, unit, style == FIGURE_NARROW ? 2 : 1, small, rest);
	return text;
}

const char *
figure_duration(int64_t us, enum figure_style style, char text[FIGURE_MAX])
{
	enum { US, MS, S, DAYS, HOURS, MINUTES, HOURS_AFTER, MINUTES_AFTER, SECONDS_AFTER, UNITS };
	static const char *const units[][UNITS] = {
		[FIGURE_NARROW] = { "us", "ms", "s", "d", "h", "m", "h", "m", "s" },
		[FIGURE_SPACED] = { " us", " ms", " s", " d ", " h ", " min ", " h", " min", " s" },
	};
	const char *const *unit = units[style];
	unsigned minutes = (unsigned)(us / 60000000), hours = minutes / 60;

	if (minutes == 0)
		return scale((uint64_t)us, unit, text);
	if (hours == 0)
		return pair(minutes, unit[MINUTES], (unsigned)(us / 1000000 % 60), unit[SECONDS_AFTER], style, text);
	if (hours < 24)
		return pair(hours, unit[HOURS], minutes % 60, unit[MINUTES_AFTER], style, text);
	return pair(hours / 24, unit[DAYS], hours % 24, unit[HOURS_AFTER], style, text);
}

void
figure_add_duration(struct text *text, int64_t us)
{
	char figure[FIGURE_MAX];

	text_add(text, figure_duration(us > 0 ? us : 0, FIGURE_SPACED, figure));
}
