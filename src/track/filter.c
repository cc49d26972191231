/* SPDX-License-Identifier: MIT */
#include "track/filter.h"

#include <stdlib.h>
#include <string.h>
#include "base/flow.h"
#include "base/glob.h"
#include "base/utf8.h"
#include "track/filter_program.h"

enum { PICTURE_BYTES_MAX = 100 }; /* of the text that a picture shows */

void
filter_free(struct filter *filter)
{
	free(filter);
}

static bool
compare_number(enum comparison comparison, int64_t number, int64_t with)
{
	switch (comparison) {
	case IS_EQUAL:
		return number == with;
	case IS_LESS:
		return number < with;
	case IS_AT_MOST:
		return number <= with;
	case IS_GREATER:
		return number > with;
	case IS_AT_LEAST:
		return number >= with;
	default:
		return false;
	}
}

static bool
compare_text(enum comparison comparison, const char *text, const char *with)
{
	return comparison == IS_LIKE ? glob_matches(with, text) : strcmp(text, with) == 0;
}

static bool
compare(enum comparison comparison, const struct value *value, const struct filter_value *with, const char *text)
{
	char ip[INET6_ADDRSTRLEN];

	switch (value->kind) {
	case VALUE_BOOL:
		return value->truth == with->truth;
	case VALUE_NUMBER:
	case VALUE_INSTANT:
		return compare_number(comparison, value->number, with->number);
	case VALUE_ADDRESS:
		if (comparison == IS_LIKE)
			return glob_matches(text, flow_ip_format(value->end, ip));
		return network_contains(&with->network, value->end->ip);
	case VALUE_TEXT:
		return compare_text(comparison, value->text, text);
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	return false;
}

static bool
is_among(const struct filter *filter, const struct step *step, const struct value *value)
{
	for (int i = step->first; i < step->first + step->values; i++) {
		const struct filter_value *with = &filter->value[i];
		const char *text = with->kind == VALUE_TEXT ? filter->texts + with->text : NULL;

		if (with->kind == VALUE_NULL ? value->kind == VALUE_NULL
					     : compare((enum comparison)step->comparison, value, with, text))
			return true;
	}
	return false;
}

static bool
run(const struct filter *filter, const struct step *step, struct reading *reading)
{
	bool known = false;

	for (int i = 0; i < step->fields; i++) {
		struct value value = field_show(reading, (enum field)step->field[i]);

		known |= value.kind != VALUE_NULL;
		if (is_among(filter, step, &value))
			return !step->none;
	}
	return step->none && known;
}

bool
filter_matches(const struct filter *filter, struct reading *reading)
{
	bool answer = true;

	for (int i = 0; filter != NULL && i < filter->steps;) {
		const struct step *step = &filter->step[i++];

		switch ((enum step_kind)step->kind) {
		case STEP_COMPARE:
			answer = run(filter, step, reading);
			break;
		case STEP_NOT:
			answer = !answer;
			break;
		case STEP_IF_TRUE:
			i = answer ? step->next : i;
			break;
		case STEP_IF_FALSE:
			i = answer ? i : step->next;
			break;
		}
	}
	return answer;
}

/* One column for each character, whatever it is: what could steer a terminal, or is none, shows as '?'. */
static size_t
add_columns(struct text *to, const char *from, const char *end)
{
	size_t columns = 0;

	for (const char *at = from; at < end; columns++, from = at) {
		bool valid = utf8_next(&at, end);

		if (valid && (unsigned char)*from >= ' ' && *from != 0x7f &&
		    !(*from == '\xc2' && (signed char)from[1] < (signed char)0xa0))
			text_add_bytes(to, from, (size_t)(at - from));
		else
			text_add_char(to, '?');
	}
	return columns;
}

/* Not into the middle of a character. */
static size_t
back_to_character(const char *text, size_t at)
{
	while (at > 0 && (text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

void
filter_fault_write(const struct filter_fault *fault, const char *text, struct text *to)
{
	size_t length = strlen(text), from = 0, until = length;

	if (length > PICTURE_BYTES_MAX) {
		from = fault->at > PICTURE_BYTES_MAX / 2 ? back_to_character(text, fault->at - PICTURE_BYTES_MAX / 2)
							 : 0;
		until = length - from > PICTURE_BYTES_MAX ? back_to_character(text, from + PICTURE_BYTES_MAX) : length;
	}
	size_t end = fault->at + fault->length < until ? fault->at + fault->length : until;
	size_t before = from > 0 ? 3 : 0;
	char room[4 * PICTURE_BYTES_MAX];
	struct text unused;

	text_add(to, from > 0 ? "..." : "");
	before += add_columns(to, text + from, text + fault->at);
	add_columns(to, text + fault->at, text + until);
	text_add(to, until < length ? "...\n" : "\n");
	text_init(&unused, room, sizeof(room));
	size_t under = add_columns(&unused, text + fault->at, text + end);
	text_addf(to, "%*s^", (int)before, "");
	for (size_t i = 1; i < under; i++)
		text_add_char(to, '~');
}
