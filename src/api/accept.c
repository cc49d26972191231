/* SPDX-License-Identifier: MIT */
#include "api/accept.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* How much of a type a range names: of several that fit, the one that says most counts. */
enum match { MATCH_NONE, MATCH_ANY, MATCH_TYPE, MATCH_WHOLE };

enum { QUALITY_MAX = 1000, QUALITY_UNSAID = -1 };

struct range {
	const char *type, *subtype;
	size_t type_length, subtype_length;
	int quality; /* in thousandths */
};

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* RFC 9110's token; the length is 0 where there is none. */
static size_t
take_token(const char **at, const char **token)
{
	*token = *at;
	while (**at != '\0' && (isalnum((unsigned char)**at) || strchr("!#$%&'*+-.^_`|~", **at) != NULL))
		(*at)++;
	return (size_t)(*at - *token);
}

static bool
skip_quoted(const char **at)
{
	for ((*at)++; **at != '"'; (*at)++) {
		if (**at == '\\')
			(*at)++;
		if (**at == '\0')
			return false;
	}
	(*at)++;
	return true;
}

/* "1", "0.5", "0.125" and nothing else. */
static bool
read_quality(const char *text, size_t length, int *quality)
{
	int worth = QUALITY_MAX;

	if (length == 0 || length > 5 || (text[0] != '0' && text[0] != '1') || (length > 1 && text[1] != '.'))
		return false;
	*quality = text[0] == '1' ? QUALITY_MAX : 0;
	for (size_t i = 2; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		worth /= 10;
		*quality += worth * (text[i] - '0');
	}
	return *quality <= QUALITY_MAX;
}

/* ";name=value", the value maybe in quotes. */
static bool
take_parameter(const char **at, int *quality)
{
	const char *name, *value;
	size_t length = take_token(at, &name);

	if (length == 0 || **at != '=')
		return false;
	(*at)++;
	if (**at == '"')
		return skip_quoted(at);
	size_t value_length = take_token(at, &value);
	if (length == 1 && tolower((unsigned char)*name) == 'q')
		return read_quality(value, value_length, quality);
	return value_length > 0;
}

static bool
take_range(const char **at, struct range *range)
{
	range->quality = QUALITY_MAX;
	range->type_length = take_token(at, &range->type);
	if (range->type_length == 0 || *(*at) != '/')
		return false;
	(*at)++;
	range->subtype_length = take_token(at, &range->subtype);
	if (range->subtype_length == 0)
		return false;
	for (skip_blanks(at); **at == ';'; skip_blanks(at)) {
		(*at)++;
		skip_blanks(at);
		if (!take_parameter(at, &range->quality))
			return false;
	}
	return **at == ',' || **at == '\0';
}

static bool
is_any(const char *text, size_t length)
{
	return length == 1 && *text == '*';
}

static enum match
match(const struct range *range, const char *type)
{
	size_t length = strcspn(type, "/");

	if (is_any(range->type, range->type_length))
		return is_any(range->subtype, range->subtype_length) ? MATCH_ANY : MATCH_NONE;
	if (range->type_length != length || strncasecmp(range->type, type, length) != 0)
		return MATCH_NONE;
	if (is_any(range->subtype, range->subtype_length))
		return MATCH_TYPE;
	type += length + 1;
	return strlen(type) == range->subtype_length && strncasecmp(range->subtype, type, range->subtype_length) == 0
		   ? MATCH_WHOLE
		   : MATCH_NONE;
}

/* Of one type.  QUALITY_UNSAID: the header has not one good range. */
static int
quality_of(const char *header, const char *type)
{
	enum match best = MATCH_NONE;
	int quality = QUALITY_UNSAID;

	while (*header != '\0') {
		struct range range;

		header += strspn(header, " \t,");
		if (*header != '\0' && take_range(&header, &range)) {
			enum match found = match(&range, type);

			if (quality == QUALITY_UNSAID)
				quality = 0;
			if (found > best || (found == best && found != MATCH_NONE && range.quality > quality)) {
				best = found;
				quality = range.quality;
			}
		}
		header += strcspn(header, ",");
	}
	return quality;
}

int
accept_choose(const char *header, const char *const *types)
{
	int best = -1, most = 0;

	for (int i = 0; header != NULL && types[i] != NULL; i++) {
		int quality = quality_of(header, types[i]);

		if (quality == QUALITY_UNSAID)
			return 0;
		if (quality > most) {
			best = i;
			most = quality;
		}
	}
	return header == NULL ? 0 : best;
}
