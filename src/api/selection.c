/* SPDX-License-Identifier: MIT */
#include "api/selection.h"

#include <assert.h>
#include <string.h>
#include "api/filter_take.h"
#include "track/field_words.h"

/* A parameter, and what it says in the language of filters; its value comes behind, in quotes. */
/* clang-format off */
static const struct shorthand {
	const char *parameter, *begin;
	const char *expected; /* instead of what the filter says of a bad value */
	enum field field;     /* whose words, or names, the value is one of */
	bool of_closed;       /* only they have it, so whoever asks for it need not say so */
} shorthands[] = {
	{ "client",    "client.address in ",   "an address, or a network such as 10.0.0.0/8", FIELD_client_address,  false },
	{ "target",    "target.address in ",   "an address, or a network such as 10.0.0.0/8", FIELD_target_address,  false },
	{ "port",      "port == ",             "a number from 1 to 65535",                    FIELD_client_port,     false },
	{ "listener",  "listener == ",         "a listener as -l names it",                   FIELD_listener,        false },
	{ "upstream",  "upstream == ",         "an upstream as -u names it",                  FIELD_upstream,        false },
	{ "reason",    "close.reason == ",     "one of the reasons of close.reason",          FIELD_close_reason,    true },
	{ "initiator", "close.initiator == ",  "client, upstream, proxy or admin",            FIELD_close_initiator, true },
};
/* clang-format on */

enum { SHORTHANDS = sizeof(shorthands) / sizeof(shorthands[0]) };
_Static_assert(SHORTHANDS + 1 <= SELECTION_FILTERS_MAX, "there is room for all of them and the filter");

static bool
refuse(struct reply *reply, const char *name, const char *value, const char *expected, const char *const *names)
{
	reply_bad_word(reply, name, value, expected, names);
	return false;
}

static bool
take_kind(struct selection *selection, const char *value, struct reply *reply)
{
	const char *names[KIND_COUNT + 1] = { NULL };
	char room[80];
	struct text expected;

	selection->kind = -1;
	text_init(&expected, room, sizeof(room));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		names[kind] = record_kind_text((enum record_kind)kind);
		text_addf(&expected, "%s%s", kind == 0 ? "" : kind + 1 < KIND_COUNT ? ", " : " or ", names[kind]);
		if (value != NULL && strcmp(value, names[kind]) == 0)
			selection->kind = kind;
	}
	return value == NULL || selection->kind != -1 || refuse(reply, "kind", value, room, names);
}

/* Only closed ones are of other kinds than KIND_PROXY, or have ended. */
static const char *
state_unless_said(const struct selection *selection, const struct query *query)
{
	for (int i = 0; i < SHORTHANDS; i++) {
		if (shorthands[i].of_closed && query_value(query, shorthands[i].parameter) != NULL)
			return "closed";
	}
	return selection->kind == -1 || selection->kind == KIND_PROXY ? "active" : "closed";
}

static bool
take_state(struct selection *selection, const struct query *query, struct reply *reply)
{
	const char *names[CONN_STATES + 3], *value = query_value(query, "state");
	int count = 0;

	selection->live = true;
	selection->state = -1;
	if (value == NULL)
		value = state_unless_said(selection, query);
	if (strcmp(value, "active") == 0)
		return true;
	selection->live = strcmp(value, "closed") != 0;
	selection->closed = !selection->live || strcmp(value, "all") == 0;
	if (selection->closed)
		return true;
	for (int state = 0; state < CONN_STATES; state++) {
		names[count++] = conn_state_text((enum conn_state)state);
		if (strcmp(value, names[state]) == 0)
			selection->state = state;
	}
	if (selection->state != -1)
		return true;
	names[count++] = "active";
	names[count++] = "all";
	names[count] = NULL;
	return refuse(reply, "state", value, "active, closed, all or the name of a state", names);
}

static void
add_quoted(struct text *text, const char *value)
{
	text_add_char(text, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			text_add_char(text, '\\');
		text_add_char(text, *value);
	}
	text_add_char(text, '"');
}

enum { NAMES_MAX = (int)FIELD_WORDS_MAX > (int)PAIRS_MAX ? (int)FIELD_WORDS_MAX : (int)PAIRS_MAX };

/* What the value can be, where it is one of a few. */
static int
list_names(const struct shorthand *shorthand, const struct settings *settings, const char *names[NAMES_MAX + 1])
{
	int count = 0;

	if (shorthand->field != FIELD_listener && shorthand->field != FIELD_upstream)
		return field_words(shorthand->field, names);
	for (; count < settings->pair_count; count++)
		names[count] = shorthand->field == FIELD_listener ? settings->listeners[count].name
								  : settings->upstreams[count].name;
	names[count] = NULL;
	return count;
}

static bool
is_among(const char *value, const char *const *names)
{
	while (*names != NULL && strcmp(*names, value) != 0)
		names++;
	return *names != NULL;
}

/* A filter takes port 0, which no end ever has, and any name. */
static bool
is_sensible(const struct shorthand *shorthand, const char *value, const char *const *names, int count)
{
	uint64_t port;

	if (shorthand->field == FIELD_client_port)
		return query_number(value, 1, 65535, &port);
	return count == 0 || is_among(value, names);
}

static struct filter *
compile(const struct shorthand *shorthand, const char *value)
{
	char room[FILTER_TEXT_MAX + 2]; /* what is cut is too long for a filter, too */
	struct filter_fault unused;
	struct text text;

	text_init(&text, room, sizeof(room));
	text_add(&text, shorthand->begin);
	add_quoted(&text, value);
	return filter_new(room, &unused);
}

static bool
take_shorthand(struct selection *selection, const struct shorthand *shorthand, const struct request *request,
    const char *value, struct reply *reply)
{
	const char *names[NAMES_MAX + 1];
	int count = list_names(shorthand, request->track->settings, names);
	struct filter *filter = NULL;

	if (is_sensible(shorthand, value, names, count))
		filter = compile(shorthand, value);
	if (filter == NULL)
		return refuse(reply, shorthand->parameter, value, shorthand->expected, names);
	selection->filters[selection->count++] = filter;
	return true;
}

static bool
take_shorthands(struct selection *selection, const struct request *request, struct reply *reply)
{
	for (int i = 0; i < SHORTHANDS; i++) {
		const char *value = query_value(&request->query, shorthands[i].parameter);

		if (value != NULL && !take_shorthand(selection, &shorthands[i], request, value, reply))
			return false;
	}
	return true;
}

bool
selection_take(struct selection *selection, const struct request *request, struct reply *reply)
{
	const struct query *query = &request->query;
	const char *text = query_value(query, "filter");

	*selection = (struct selection){ 0 };
	if (!take_kind(selection, query_value(query, "kind"), reply) || !take_state(selection, query, reply) ||
	    !take_shorthands(selection, request, reply))
		return false;
	return text == NULL || filter_take(&selection->filters[selection->count++], "filter", text, reply);
}

void
selection_fini(struct selection *selection)
{
	for (int i = 0; i < selection->count; i++)
		filter_free(selection->filters[i]);
	selection->count = 0;
}

bool
selection_matches(const struct selection *selection, struct reading *reading)
{
	if (selection->state != -1 && reading->record->state != selection->state)
		return false;
	if (selection->kind != -1 && reading->record->kind != selection->kind)
		return false;
	for (int i = 0; i < selection->count; i++) {
		if (!filter_matches(selection->filters[i], reading))
			return false;
	}
	return true;
}
