/* SPDX-License-Identifier: MIT */
/* From the text of a filter to its program, in one go: what is read is compiled at once. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/nearest.h"
#include "base/utf8.h"
#include "track/field_names.h"
#include "track/filter_literal.h"
#include "track/filter_program.h"

struct parser {
	const char *text, *at;
	struct filter *filter;
	struct filter_fault *fault;
	int depth;
};

static bool parse_or(struct parser *parser);

__attribute__((format(printf, 4, 5))) static bool
refuse(struct parser *parser, const char *at, size_t length, const char *format, ...)
{
	struct filter_fault *fault = parser->fault;
	va_list values;

	fault->at = (size_t)(at - parser->text);
	fault->length = length;
	va_start(values, format);
	vsnprintf(fault->message, sizeof(fault->message), format, values);
	va_end(values);
	return false;
}

static void
skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\r\n");
}

static size_t
name_length(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || at[length] == '_' || (at[length] == '.' && length > 0))
		length++;
	return length;
}

/* Moves past the word, in small or capital letters, if it stands here. */
static bool
accept_word(struct parser *parser, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(parser);
	if (strncasecmp(parser->at, word, length) != 0 || name_length(parser->at) != length)
		return false;
	parser->at += length;
	return true;
}

static bool
accept_sign(struct parser *parser, const char *sign)
{
	skip_blanks(parser);
	if (strncmp(parser->at, sign, strlen(sign)) != 0)
		return false;
	parser->at += strlen(sign);
	return true;
}

/* 0 at the end. */
static size_t
character_length(const char *at)
{
	const char *next = at;

	if (*at != '\0')
		utf8_next(&next, at + strlen(at));
	return (size_t)(next - at);
}

/* What stands here, for a message: a word, or one character. */
static size_t
length_here(const struct parser *parser)
{
	size_t length = name_length(parser->at);

	return length > 0 ? length : character_length(parser->at);
}

static bool
refuse_here(struct parser *parser, const char *expected)
{
	skip_blanks(parser);
	return refuse(parser, parser->at, length_here(parser), "Expected %s%s.", expected,
	    *parser->at == '\0' ? ", and the text ends" : "");
}

/* NULL: there is no room for one more. */
static struct step *
add_step(struct parser *parser, enum step_kind kind)
{
	struct filter *filter = parser->filter;

	if (filter->steps == sizeof(filter->step) / sizeof(filter->step[0])) {
		refuse(parser, parser->at, 0, "It is too long: at most %d comparisons, ands, ors and nots are taken.",
		    FILTER_STEPS_MAX);
		return NULL;
	}
	struct step *step = &filter->step[filter->steps++];
	step->kind = (uint8_t)kind;
	return step;
}

/* Values. */

static bool
read_quoted(struct parser *parser, struct literal *literal)
{
	const char quote = *parser->at, *begin = parser->at;
	size_t length = 0;

	for (const char *at = begin + 1; *at != '\0'; at++) {
		if (*at == quote) {
			parser->at = at + 1;
			literal->text[length] = '\0';
			literal->length = (size_t)(parser->at - begin);
			return true;
		}
		if (*at == '\\') {
			if (at[1] != '\\' && at[1] != '"' && at[1] != '\'')
				return refuse(parser, at, 1 + character_length(at + 1),
				    "Behind a \\ in quotes only \\, \" and ' may stand.");
			at++;
		}
		literal->text[length++] = *at;
	}
	return refuse(parser, begin, strlen(begin), "The quote is never closed.");
}

/* Up to what can only stand behind it. */
static size_t
unquoted_length(const char *at)
{
	size_t length = 0;

	while (strchr(" \t\r\n()\"',", at[length]) == NULL && strncmp(at + length, "&&", 2) != 0 &&
	       strncmp(at + length, "||", 2) != 0)
		length++;
	return length;
}

static bool
read_literal(struct parser *parser, struct literal *literal)
{
	skip_blanks(parser);
	literal->at = parser->at;
	literal->quoted = *parser->at == '"' || *parser->at == '\'';
	if (literal->quoted)
		return read_quoted(parser, literal);
	literal->length = unquoted_length(parser->at);
	if (literal->length == 0)
		return refuse_here(parser, "a value");
	memcpy(literal->text, parser->at, literal->length);
	literal->text[literal->length] = '\0';
	parser->at += literal->length;
	return true;
}

static bool
keep_text(struct parser *parser, struct filter_value *value, const char *text)
{
	struct filter *filter = parser->filter;
	size_t size = strlen(text) + 1;

	/* All texts together are no longer than that of the filter, but for their ends. */
	value->text = (uint16_t)filter->texts_length;
	memcpy(filter->texts + filter->texts_length, text, size);
	filter->texts_length += size;
	return true;
}

static bool
parse_value(struct parser *parser, const struct field_name *name, struct step *step)
{
	struct filter *filter = parser->filter;
	struct literal literal;
	char expected[sizeof(parser->fault->message)];
	struct text message;

	if (!read_literal(parser, &literal))
		return false;
	if (filter->values == FILTER_VALUES_MAX)
		return refuse(
		    parser, literal.at, literal.length, "At most %d values are taken in all.", FILTER_VALUES_MAX);
	struct filter_value *value = &filter->value[filter->values++];
	text_init(&message, expected, sizeof(expected));
	if (!literal_read(&literal, name, (enum comparison)step->comparison, value, &message))
		return refuse(parser, literal.at, literal.length, "%s", expected);
	step->values++;
	return value->kind != VALUE_TEXT || keep_text(parser, value, literal.text);
}

static bool
parse_list(struct parser *parser, const struct field_name *name, struct step *step)
{
	if (!accept_sign(parser, "("))
		return parse_value(parser, name, step);
	do {
		if (!parse_value(parser, name, step))
			return false;
	} while (accept_sign(parser, ","));
	return accept_sign(parser, ")") || refuse_here(parser, ", or )");
}

/* Comparisons. */

static bool
parse_name(struct parser *parser, struct field_name *name)
{
	char text[FIELD_NAME_MAX], room[FIELD_NAME_MAX];
	const char *meant;

	skip_blanks(parser);
	size_t length = name_length(parser->at);
	if (length == 0)
		return refuse_here(parser, "the name of a field, not or (");
	snprintf(text, sizeof(text), "%.*s", (int)length, parser->at);
	*name = field_name_find(length < sizeof(text) ? text : "");
	if (name->count > 0 && field_meanings[name->fields[0]].type != TYPE_ATTEMPTS &&
	    field_meanings[name->fields[0]].type != TYPE_EVENTS) {
		parser->at += length;
		return true;
	}
	if (name->count > 0)
		return refuse(parser, parser->at, length, "%s is a list, which cannot be compared.", text);
	meant = field_name_within(text);
	if (meant != NULL)
		return refuse(parser, parser->at, length, "%s holds several fields, as %s.", text, meant);
	meant = field_name_nearest(text, room);
	return refuse(parser, parser->at, length, "No field is called %s%s%s%s", text,
	    meant == NULL ? "; /schema lists all." : "; did you mean ", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "?");
}

/* Which operator stands here, two signs before one.  The step tells it; in: a list may follow. */
static bool
accept_operator(struct parser *parser, struct step *step, bool *in)
{
	static const struct {
		const char *sign;
		enum comparison comparison;
		bool none;
	} operators[] = {
		{ "==", IS_EQUAL, false },
		{ "!=", IS_EQUAL, true },
		{ "<=", IS_AT_MOST, false },
		{ ">=", IS_AT_LEAST, false },
		{ "<", IS_LESS, false },
		{ ">", IS_GREATER, false },
		{ "~", IS_LIKE, false },
	};
	const char *begin;

	skip_blanks(parser);
	begin = parser->at;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (accept_sign(parser, operators[i].sign)) {
			step->comparison = (uint8_t)operators[i].comparison;
			step->none = operators[i].none;
			return true;
		}
	}
	step->comparison = IS_EQUAL;
	step->none = accept_word(parser, "not");
	*in = accept_word(parser, "in");
	if (!*in)
		parser->at = begin;
	return *in;
}

static bool
is_ordered(enum field_type type)
{
	return type == TYPE_COUNT || type == TYPE_BYTES || type == TYPE_RATE || type == TYPE_DURATION ||
	       type == TYPE_OFFSET || type == TYPE_INSTANT || type == TYPE_PORT;
}

static bool
is_text(enum field_type type)
{
	return type == TYPE_TEXT || type == TYPE_WORD || type == TYPE_ERRNO || type == TYPE_ADDRESS;
}

static bool
suits(struct parser *parser, const char *at, const struct step *step, enum field_type type)
{
	size_t length = (size_t)(parser->at - at);

	if (step->comparison == IS_LIKE && !is_text(type))
		return refuse(parser, at, length, "~ compares texts, and this is a %s.", field_type_texts[type]);
	if (step->comparison >= IS_LESS && step->comparison <= IS_AT_LEAST && !is_ordered(type))
		return refuse(parser, at, length, "There is no smaller or greater %s: compare by ==, !=, in or ~.",
		    field_type_texts[type]);
	return true;
}

static bool
parse_truth(struct parser *parser, struct step *step, enum field_type type)
{
	struct filter *filter = parser->filter;

	if (type != TYPE_BOOL)
		return refuse_here(parser, "==, !=, <, <=, >, >=, ~ or in");
	if (filter->values == FILTER_VALUES_MAX)
		return refuse(parser, parser->at, 0, "At most %d values are taken in all.", FILTER_VALUES_MAX);
	filter->value[filter->values++] = (struct filter_value){ .kind = VALUE_BOOL, .truth = true };
	step->comparison = IS_EQUAL;
	step->none = false;
	step->values = 1;
	return true;
}

static bool
parse_comparison(struct parser *parser)
{
	struct field_name name;
	bool in = false;
	struct step *step;

	if (!parse_name(parser, &name))
		return false;
	step = add_step(parser, STEP_COMPARE);
	if (step == NULL)
		return false;
	enum field_type type = field_meanings[name.fields[0]].type;
	step->first = (uint16_t)parser->filter->values;
	step->fields = (uint8_t)name.count;
	for (int i = 0; i < name.count; i++)
		step->field[i] = (uint8_t)name.fields[i];
	skip_blanks(parser);
	const char *at = parser->at;
	if (!accept_operator(parser, step, &in))
		return parse_truth(parser, step, type);
	if (!suits(parser, at, step, type))
		return false;
	return in ? parse_list(parser, &name, step) : parse_value(parser, &name, step);
}

static bool
deeper(struct parser *parser)
{
	if (++parser->depth <= FILTER_DEPTH_MAX)
		return true;
	return refuse(parser, parser->at, length_here(parser), "It is nested too deep: at most %d deep is taken.",
	    FILTER_DEPTH_MAX);
}

static bool
parse_not(struct parser *parser)
{
	bool fine;

	skip_blanks(parser);
	if (accept_word(parser, "not") || (strncmp(parser->at, "!=", 2) != 0 && accept_sign(parser, "!"))) {
		fine = deeper(parser) && parse_not(parser) && add_step(parser, STEP_NOT) != NULL;
	} else if (accept_sign(parser, "(")) {
		fine = deeper(parser) && parse_or(parser) &&
		       (accept_sign(parser, ")") || refuse_here(parser, "and, or, or )"));
	} else {
		return parse_comparison(parser);
	}
	parser->depth--;
	return fine;
}

static bool
parse_and(struct parser *parser)
{
	if (!parse_not(parser))
		return false;
	while (accept_word(parser, "and") || accept_sign(parser, "&&")) {
		struct step *jump = add_step(parser, STEP_IF_FALSE);

		if (jump == NULL || !parse_not(parser))
			return false;
		jump->next = (uint16_t)parser->filter->steps;
	}
	return true;
}

static bool
parse_or(struct parser *parser)
{
	if (!parse_and(parser))
		return false;
	while (accept_word(parser, "or") || accept_sign(parser, "||")) {
		struct step *jump = add_step(parser, STEP_IF_TRUE);

		if (jump == NULL || !parse_and(parser))
			return false;
		jump->next = (uint16_t)parser->filter->steps;
	}
	return true;
}

static bool
parse_all(struct parser *parser)
{
	size_t length = strlen(parser->text);
	const char *at = parser->text, *end = parser->text + length;

	if (length > FILTER_TEXT_MAX)
		return refuse(parser, parser->text + FILTER_TEXT_MAX, 0, "It has %zu bytes; at most %d are taken.",
		    length, FILTER_TEXT_MAX);
	for (const char *from = at; at < end; from = at) {
		if (!utf8_next(&at, end))
			return refuse(parser, from, (size_t)(at - from), "It is no UTF-8 text.");
	}
	if (!parse_or(parser))
		return false;
	skip_blanks(parser);
	if (*parser->at == '=' || *parser->at == '\0')
		return *parser->at == '\0' ||
		       refuse(parser, parser->at, 1, "Expected and, or, or the end; == compares.");
	return refuse_here(parser, "and, or, or the end");
}

struct filter *
filter_new(const char *text, struct filter_fault *fault)
{
	struct parser parser = { .text = text, .at = text, .fault = fault };
	struct filter *filter = calloc(1, sizeof(*filter));

	*fault = (struct filter_fault){ 0 };
	if (filter == NULL) {
		refuse(&parser, text, 0, "No memory was left for it.");
		return NULL;
	}
	parser.filter = filter;
	if (parse_all(&parser))
		return filter;
	filter_free(filter);
	return NULL;
}
