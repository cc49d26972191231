/* SPDX-License-Identifier: MIT */
/* Apart from clock.c, so that a scenario with a fake clock still has it. */
#include "base/clock.h"

#include <string.h>

/* Day 0 is 1970-01-01.  Years are counted from March on, so that the leap day is their last: then the
 * days before each month are the same in every year. */
static void
date_of(int64_t day, int *year, int *month, int *day_of_month)
{
	int64_t from_march = day + 719468; /* since 0000-03-01 */
	int64_t era = from_march / 146097; /* 400 years */
	int64_t of_era = from_march % 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_is_0 = (5 * of_year + 2) / 153;

	*day_of_month = (int)(of_year - (153 * march_is_0 + 2) / 5 + 1);
	*month = (int)(march_is_0 < 10 ? march_is_0 + 3 : march_is_0 - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *
put(char *at, int number, int digits, char after)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	at[digits] = after;
	return at + digits + 1;
}

/* By hand, for lists of connections are full of these: gmtime_r takes a lock, and snprintf its time. */
const char *
clock_format(int64_t wall_us, char *text, size_t size)
{
	int64_t seconds = wall_us / 1000000;
	int of_day = (int)(seconds % 86400), year, month, day;
	char whole[CLOCK_TEXT_MAX], *at = whole;

	date_of(seconds / 86400, &year, &month, &day);
	at = put(at, year, 4, '-');
	at = put(at, month, 2, '-');
	at = put(at, day, 2, 'T');
	at = put(at, of_day / 3600, 2, ':');
	at = put(at, of_day / 60 % 60, 2, ':');
	at = put(at, of_day % 60, 2, '.');
	at = put(at, (int)(wall_us % 1000000), 6, 'Z');
	*at = '\0';
	if (size > (size_t)(at - whole))
		memcpy(text, whole, (size_t)(at - whole) + 1);
	else if (size > 0)
		text[0] = '\0';
	return text;
}

static int64_t
day_of(int year, int month, int day_of_month)
{
	int year_from_march = year - (month <= 2), march_is_0 = month > 2 ? month - 3 : month + 9;
	int64_t era = year_from_march / 400, of_era = year_from_march % 400;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * march_is_0 + 2) / 5 + day_of_month - 1 -
	       719468;
}

/* So many digits, and a number from `least` to `most`. */
static bool
take(const char **at, int digits, int least, int most, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*number = *number * 10 + (**at - '0');
	}
	return *number >= least && *number <= most;
}

static bool
accept(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool
take_fraction(const char **at, int64_t *us)
{
	const char *begin = *at;

	*us = 0;
	for (int64_t worth = 100000; **at >= '0' && **at <= '9'; worth /= 10, (*at)++)
		*us += worth * (**at - '0');
	return *at > begin && *at - begin <= 9;
}

static bool
take_zone(const char **at, int *minutes)
{
	int hour, minute, sign = **at == '-' ? -1 : 1;

	*minutes = 0;
	if (accept(at, 'Z') || **at == '\0')
		return true;
	if ((!accept(at, '+') && !accept(at, '-')) || !take(at, 2, 0, 23, &hour) || !accept(at, ':') ||
	    !take(at, 2, 0, 59, &minute))
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

bool
clock_parse(int64_t *wall_us, const char *text)
{
	int year, month, day, hour = 0, minute = 0, second = 0, zone = 0, back_year, back_month, back_day;
	int64_t us = 0;

	if (!take(&text, 4, 1970, 9999, &year) || !accept(&text, '-') || !take(&text, 2, 1, 12, &month) ||
	    !accept(&text, '-') || !take(&text, 2, 1, 31, &day))
		return false;
	/* There is no 30th of February. */
	date_of(day_of(year, month, day), &back_year, &back_month, &back_day);
	if (back_day != day)
		return false;
	if (accept(&text, 'T') || accept(&text, ' ')) {
		if (!take(&text, 2, 0, 23, &hour) || !accept(&text, ':') || !take(&text, 2, 0, 59, &minute) ||
		    (accept(&text, ':') && !take(&text, 2, 0, 59, &second)) ||
		    (accept(&text, '.') && !take_fraction(&text, &us)) || !take_zone(&text, &zone))
			return false;
	}
	if (*text != '\0')
		return false;
	int64_t minutes = day_of(year, month, day) * 1440 + hour * 60 + minute - zone;
	*wall_us = (minutes * 60 + second) * 1000000 + us;
	return true;
}
