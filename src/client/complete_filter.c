/* SPDX-License-Identifier: MIT */
/*
 * What can come next in a filter.  It is read by a handful of states, not compiled: half a
 * filter is none yet.
 *
 *   NAME ──► OPERATOR ──► VALUE ──► JOINT ──► NAME …
 *                  └ in ( ──► LIST ─)─► JOINT
 */
#include <ctype.h>
#include <string.h>
#include "client/complete.h"
#include "track/field_names.h"
#include "track/field_words.h"

enum expects { EXPECTS_NAME, EXPECTS_OPERATOR, EXPECTS_VALUE, EXPECTS_LIST, EXPECTS_JOINT };

struct half_filter {
	enum expects expects;
	char name[FIELD_NAME_MAX]; /* the field of the last comparison */
};

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_./:*?[]-+", c) != NULL;
}

/* The length of the token at `at`, and its kind by its first byte; an open quote goes to the end. */
static size_t
token_length(const char *at)
{
	size_t length = 0;

	if (*at == '"' || *at == '\'') {
		for (length = 1; at[length] != '\0' && at[length] != *at; length++)
			length += at[length] == '\\' && at[length + 1] != '\0';
		return length + (at[length] != '\0');
	}
	while (at[length] != '\0' && is_word(at[length]))
		length++;
	if (length > 0)
		return length;
	while (strchr("=!<>~&|", at[length]) != NULL && at[length] != '\0')
		length++;
	return length > 0 ? length : 1;
}

static bool
is(const char *token, size_t length, const char *word)
{
	return strlen(word) == length && strncmp(token, word, length) == 0;
}

static bool
joins(const char *token, size_t length)
{
	return is(token, length, "and") || is(token, length, "or") || is(token, length, "&&") ||
	       is(token, length, "||");
}

static void
take_token(struct half_filter *half, const char *token, size_t length)
{
	switch (half->expects) {
	case EXPECTS_NAME:
		if (is(token, length, "not") || is(token, length, "!") || *token == '(')
			return;
		snprintf(half->name, sizeof(half->name), "%.*s", (int)length, token);
		half->expects = EXPECTS_OPERATOR;
		return;
	case EXPECTS_OPERATOR:
		if (is(token, length, "not"))
			return;
		half->expects = joins(token, length) ? EXPECTS_NAME : *token == ')' ? EXPECTS_JOINT : EXPECTS_VALUE;
		return;
	case EXPECTS_VALUE:
		half->expects = *token == '(' ? EXPECTS_LIST : EXPECTS_JOINT;
		return;
	case EXPECTS_LIST:
		if (*token == ')')
			half->expects = EXPECTS_JOINT;
		return;
	case EXPECTS_JOINT:
		if (joins(token, length))
			half->expects = EXPECTS_NAME;
		return;
	}
}

static struct half_filter
read_half(const char *text)
{
	struct half_filter half = { .expects = EXPECTS_NAME };

	while (*(text += strspn(text, " \t,")) != '\0') {
		size_t length = token_length(text);

		take_token(&half, text, length);
		text += length;
	}
	return half;
}

static const char *
without_unit(const char *path, char room[FIELD_NAME_MAX])
{
	size_t length = strlen(path);

	if (length < 3 || length >= FIELD_NAME_MAX || strcmp(path + length - 3, "_us") != 0)
		return path;
	memcpy(room, path, length - 3);
	room[length - 3] = '\0';
	return field_name_find(room).count > 0 ? room : path;
}

/* Of the legs' fields either leg's, unless one of the legs is being typed. */
static void
offer_names(struct completion *completion)
{
	static const char legs[] = "legs.", client[] = "legs.client.";
	bool wants_legs = strncmp(completion->partial, legs, strlen(legs)) == 0;
	char room[FIELD_NAME_MAX];
	const char *name;

	for (int i = 0; (name = field_name_short(i)) != NULL; i++)
		complete_offer(completion, name, field_meanings[field_name_find(name).fields[0]].meaning);
	for (int field = 0; field < FIELD_COUNT; field++) {
		const struct field_meaning *meaning = &field_meanings[field];

		if (meaning->type == TYPE_ATTEMPTS || meaning->type == TYPE_EVENTS)
			continue;
		if (wants_legs || strncmp(meaning->path, legs, strlen(legs)) != 0)
			complete_offer(completion, without_unit(meaning->path, room), meaning->meaning);
		else if (strncmp(meaning->path, client, strlen(client)) == 0 &&
			 field_name_find(meaning->path + strlen(client)).count == 2)
			complete_offer(
			    completion, without_unit(meaning->path + strlen(client), room), meaning->meaning);
	}
	complete_offer(completion, "not", NULL);
}

static void
offer_operators(struct completion *completion, const struct field_name *name)
{
	enum field_type type = name->count > 0 ? field_meanings[name->fields[0]].type : TYPE_TEXT;
	bool ordered = type != TYPE_TEXT && type != TYPE_WORD && type != TYPE_BOOL && type != TYPE_ADDRESS &&
		       type != TYPE_ERRNO;

	complete_offer(completion, "==", "is");
	complete_offer(completion, "!=", "is not");
	complete_offer(completion, "in", "is one of, or in a network");
	if (ordered) {
		complete_offer(completion, "<", "less");
		complete_offer(completion, "<=", "less or equal");
		complete_offer(completion, ">", "greater");
		complete_offer(completion, ">=", "greater or equal");
	} else {
		complete_offer(completion, "~", "looks like");
	}
}

static void
offer_values(struct completion *completion, const struct field_name *name)
{
	const char *words[FIELD_WORDS_MAX + 1];

	if (name->count == 0)
		return;
	enum field field = name->fields[0];
	switch (field_meanings[field].type) {
	case TYPE_BOOL:
		complete_offer(completion, "true", NULL);
		complete_offer(completion, "false", NULL);
		break;
	case TYPE_WORD:
		field_words(field, words);
		for (int i = 0; words[i] != NULL; i++)
			complete_offer(completion, words[i], NULL);
		break;
	case TYPE_TEXT:
	case TYPE_ADDRESS:
	case TYPE_PORT:
		for (int i = 0; i < name->count; i++)
			complete_values(completion, field_meanings[name->fields[i]].path);
		break;
	default:
		break;
	}
}

/* Where the token begins that is being typed. */
static const char *
begin_of_token(const char *typed)
{
	const char *at = typed + strlen(typed);

	while (at > typed && is_word(at[-1]))
		at--;
	if (*at != '\0')
		return at;
	while (at > typed && strchr("=!<>~", at[-1]) != NULL) /* half an operator */
		at--;
	return at;
}

void
complete_filter(struct completion *completion, const char *before)
{
	const char *typed = completion->partial, *at = begin_of_token(typed);
	char bytes[16384], keep[8192];
	struct text whole;

	text_init(&whole, bytes, sizeof(bytes));
	text_addf(&whole, "%s %.*s", before, (int)(at - typed), typed);
	struct half_filter half = read_half(bytes);
	struct field_name name = field_name_find(half.name);
	snprintf(keep, sizeof(keep), "%s%.*s", completion->keep, (int)(at - typed), typed);
	struct completion rest = { completion->to, completion->client, keep, at };
	switch (half.expects) {
	case EXPECTS_NAME:
		offer_names(&rest);
		break;
	case EXPECTS_OPERATOR:
		offer_operators(&rest, &name);
		break;
	case EXPECTS_VALUE:
	case EXPECTS_LIST:
		offer_values(&rest, &name);
		break;
	case EXPECTS_JOINT:
		complete_offer(&rest, "and", NULL);
		complete_offer(&rest, "or", NULL);
		break;
	}
}
