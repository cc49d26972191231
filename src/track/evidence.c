/* SPDX-License-Identifier: MIT */
#include "track/evidence.h"

#include <stddef.h>
#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "base/quantity.h"
#include "track/clauses.h"
#include "track/fields.h"

/* What stands in one pair of braces. */
struct slot_name {
	const char *text;
	size_t length;
};

static bool
is_called(const struct slot_name *name, const char *text)
{
	return strncmp(name->text, text, name->length) == 0 && text[name->length] == '\0';
}

/* "stalls.upstream" is the clause "stalls" of the leg upstream. */
static bool
is_of_leg(const struct slot_name *name, const char *clause, enum leg_name leg)
{
	size_t length = strlen(clause);
	struct slot_name rest = { name->text + length + 1, name->length - length - 1 };

	return name->length > length + 1 && strncmp(name->text, clause, length) == 0 && name->text[length] == '.' &&
	       is_called(&rest, leg_text(leg));
}

static const struct clause *
find_clause(const struct slot_name *name, enum leg_name *leg)
{
	static const struct clause *const lists[] = { end_clauses, life_clauses };

	for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
		for (const struct clause *it = lists[list]; it->name != NULL; it++) {
			*leg = LEG_NONE;
			if (it->add != NULL && is_called(name, it->name))
				return it;
			for (int i = 0; it->add == NULL && i < LEG_COUNT; i++) {
				*leg = (enum leg_name)i;
				if (is_of_leg(name, it->name, *leg))
					return it;
			}
		}
	}
	return NULL;
}

#define AT(member) offsetof(struct settings, member)

static const struct time_option {
	const char *name;
	size_t at; /* an int64_t of nanoseconds */
} time_options[] = {
	{ "--connect-timeout", AT(connect_timeout_ns) },
	{ "--drain-timeout", AT(drain_timeout_ns) },
	{ "--flush-timeout", AT(flush_timeout_ns) },
	{ "--half-close-timeout", AT(half_close_timeout_ns) },
	{ "--idle-timeout", AT(idle_timeout_ns) },
	{ "--max-duration", AT(max_duration_ns) },
	{ "--proxy-in-timeout", AT(proxy_in_timeout_ns) },
	{ "--stall-timeout", AT(stall_timeout_ns) },
};

static const struct time_option *
find_option(const struct slot_name *name)
{
	for (size_t i = 0; i < sizeof(time_options) / sizeof(time_options[0]); i++) {
		if (is_called(name, time_options[i].name))
			return &time_options[i];
	}
	return NULL;
}

static bool
add_option(struct text *text, const struct settings *settings, const struct time_option *option)
{
	char time[QUANTITY_TEXT_MAX];
	int64_t ns;

	memcpy(&ns, (const char *)settings + option->at, sizeof(ns));
	text_addf(text, "%s %s", option->name, quantity_format_duration(ns, time));
	return true;
}

/* FIELD_COUNT: none. */
static enum field
find_field(const struct slot_name *name)
{
	int field = 0;

	while (field < FIELD_COUNT && !is_called(name, field_meanings[field].path))
		field++;
	return (enum field)field;
}

static void
add_number(struct text *text, enum field_type type, int64_t number)
{
	char figure[FIGURE_MAX];

	switch (type) {
	case TYPE_BYTES:
	case TYPE_RATE:
		text_add(text, figure_size((uint64_t)number, FIGURE_SPACED, figure));
		text_add(text, type == TYPE_RATE ? " a second" : "");
		break;
	case TYPE_DURATION:
	case TYPE_OFFSET:
		text_add(text, figure_duration(number, FIGURE_SPACED, figure));
		break;
	default:
		text_add_i64(text, number);
		break;
	}
}

/* The detail is a sentence of ours; any other text is a name that somebody gave. */
static void
add_text(struct text *text, enum field field, const char *value)
{
	bool is_name = field_meanings[field].type == TYPE_TEXT && field != FIELD_close_detail;

	if (!is_name) {
		text_add(text, value);
		return;
	}
	text_add_char(text, '"');
	text_add_printable(text, value);
	text_add_char(text, '"');
}

static bool
add_field(struct text *text, const struct evidence *evidence, enum field field)
{
	struct reading reading = { .track = evidence->track, .record = evidence->record, .now_ns = evidence->now_ns };
	struct value value = field_show(&reading, field);
	char room[INET6_ADDRSTRLEN > CLOCK_TEXT_MAX ? INET6_ADDRSTRLEN : CLOCK_TEXT_MAX];

	switch (value.kind) {
	case VALUE_NUMBER:
		add_number(text, field_meanings[field].type, value.number);
		return true;
	case VALUE_INSTANT:
		text_add(text, clock_format(value.number, room, sizeof(room)));
		return true;
	case VALUE_ADDRESS:
		text_add(text, flow_ip_format(value.end, room));
		return true;
	case VALUE_TEXT:
		add_text(text, field, value.text);
		return true;
	default:
		return false;
	}
}

static bool
add(struct text *text, const struct evidence *evidence, const struct slot_name *name)
{
	enum leg_name leg;
	const struct clause *clause = find_clause(name, &leg);
	const struct time_option *option = find_option(name);

	if (clause != NULL)
		return leg == LEG_NONE ? clause->add(text, evidence) : clause->add_of_leg(text, evidence, leg);
	if (option != NULL)
		return add_option(text, evidence->track->settings, option);
	enum field field = find_field(name);
	return field != FIELD_COUNT && add_field(text, evidence, field);
}

/* Moves past the next pair of braces: true.  What stands before it, or to the end, is `plain`. */
static bool
next(const char **at, struct slot_name *plain, struct slot_name *name)
{
	*plain = (struct slot_name){ *at, strcspn(*at, "{") };
	*at += plain->length;
	if (**at == '\0')
		return false;
	*name = (struct slot_name){ *at + 1, strcspn(*at + 1, "}") };
	*at += 1 + name->length + ((*at)[1 + name->length] == '}');
	return true;
}

bool
evidence_write(struct text *text, const struct evidence *evidence, const char *sentence)
{
	struct slot_name plain, name;
	struct text before = *text;
	bool more;

	do {
		more = next(&sentence, &plain, &name);
		text_add_bytes(text, plain.text, plain.length);
		if (more && !add(text, evidence, &name)) {
			*text = before;
			text->bytes[text->length] = '\0';
			return false;
		}
	} while (more);
	return true;
}

bool
evidence_knows(const char *sentence)
{
	struct slot_name plain, name;
	enum leg_name leg;

	while (next(&sentence, &plain, &name)) {
		if (name.text[name.length] != '}' || (find_clause(&name, &leg) == NULL && find_option(&name) == NULL &&
							 find_field(&name) == FIELD_COUNT))
			return false;
	}
	return true;
}
