/* SPDX-License-Identifier: MIT */
#include "export/conn_line.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "track/fields.h"

enum {
	FIGURE_MAX = 16,
	NOTABLE_US = 1000000, /* a silence or a connect that deserves a word */
};

static const char *
word(struct reading *reading, enum field field)
{
	struct value value = field_read(reading, field);

	return value.kind == VALUE_TEXT ? value.text : "-";
}

/* Three digits and a unit.  The rest is cut: rounding could show more than there was. */
static const char *
format_scaled(uint64_t number, const char *const *units, char text[FIGURE_MAX])
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

static const char *
format_size(uint64_t bytes, char text[FIGURE_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };

	return format_scaled(bytes, units, text);
}

static const char *
format_duration(int64_t us, char text[FIGURE_MAX])
{
	static const char *const units[] = { "us", "ms", "s" };
	unsigned minutes = (unsigned)(us / 60000000), hours = minutes / 60;

	if (minutes == 0)
		return format_scaled((uint64_t)us, units, text);
	if (hours == 0)
		snprintf(text, FIGURE_MAX, "%um%02us", minutes, (unsigned)(us / 1000000 % 60));
	else if (hours < 24)
		snprintf(text, FIGURE_MAX, "%uh%02um", hours, minutes % 60);
	else
		snprintf(text, FIGURE_MAX, "%ud%02uh", hours / 24, hours % 24);
	return text;
}

/* The initiator is unknown when both ends came in one turn; then the line says that. */
static void
add_end_of_life(struct text *text, struct reading *reading)
{
	char by[32];
	const char *initiator = word(reading, FIELD_close_initiator);

	if (reading->record->close.initiator == BY_NOBODY && reading->record->close.order == ORDER_SAME_TURN)
		initiator = word(reading, FIELD_close_order);
	snprintf(by, sizeof(by), "%s/%s", initiator, word(reading, FIELD_close_how));
	text_addf(text, "%-24s by %-16s ", word(reading, FIELD_close_reason), by);
}

static void
add_figures(struct text *text, const struct record *record)
{
	char duration[FIGURE_MAX], up[FIGURE_MAX], down[FIGURE_MAX];
	int64_t lived_us = record_offset_us(record, record->closed_ns);

	text_addf(text, "%6s  up %6s  down %6s  ", format_duration(lived_us > 0 ? lived_us : 0, duration),
	    format_size(record->bytes[LEG_CLIENT].received, up),
	    format_size(record->bytes[LEG_UPSTREAM].received, down));
}

static void
add_socket_address(struct text *text, const struct flow_end *end)
{
	char ip[INET6_ADDRSTRLEN];

	if (end->port == 0) /* the kernel had not chosen one */
		text_add(text, "-");
	else if (strchr(flow_ip_format(end, ip), ':') == NULL)
		text_addf(text, "%s:%u", ip, end->port);
	else
		text_addf(text, "[%s]:%u", ip, end->port);
}

static void
add_leg(struct text *text, struct reading *reading, enum leg_name leg, enum field path)
{
	const struct flow *flow = &reading->record->legs[leg].flow;

	if (flow->protocol == FLOW_UNIX) {
		text_add(text, "unix:");
		text_add_printable(text, word(reading, path));
		return;
	}
	add_socket_address(text, &flow->source);
	text_add(text, " -> ");
	if (flow->protocol == FLOW_TCP)
		add_socket_address(text, &flow->destination);
	else if (reading->record->target_chosen)
		text_add_printable(text, word(reading, FIELD_target_name));
	else
		text_add_printable(text, word(reading, FIELD_upstream));
}

static void
add_words(struct text *text, struct reading *reading)
{
	struct value words = field_read(reading, FIELD_close_admin_reason);

	if (words.kind != VALUE_TEXT)
		return;
	text_add(text, ", admin_reason \"");
	text_add_printable(text, words.text);
	text_add(text, "\"");
}

static void
add_what_is_notable(struct text *text, struct reading *reading)
{
	const struct record *record = reading->record;
	char figure[FIGURE_MAX];

	if (record->kind != KIND_PROXY)
		text_addf(text, ", %s", word(reading, FIELD_kind));
	if (record->attempts > 1)
		text_addf(text, ", attempts %u", record->attempts);
	if (record->connect_us >= NOTABLE_US)
		text_addf(text, ", connect %s", format_duration(record->connect_us, figure));
	if (record_idle_before_us(record) >= NOTABLE_US)
		text_addf(text, ", idle %s", format_duration(record_idle_before_us(record), figure));
	if (record->close.leg != LEG_NONE)
		text_addf(text, ", leg %s", word(reading, FIELD_close_leg));
	if (record->close.undelivered[LEG_UPSTREAM] > 0)
		text_addf(text, ", undelivered to_upstream %s",
		    format_size((uint64_t)record->close.undelivered[LEG_UPSTREAM], figure));
	if (record->close.undelivered[LEG_CLIENT] > 0)
		text_addf(text, ", undelivered to_client %s",
		    format_size((uint64_t)record->close.undelivered[LEG_CLIENT], figure));
	if (record->close.error != 0)
		text_addf(text, ", errno %s", word(reading, FIELD_close_errno));
	add_words(text, reading);
}

void
conn_line_format(struct text *text, const struct track *track, const struct record *record)
{
	struct reading reading = { .track = track, .record = record, .now_ns = record->closed_ns };

	text_addf(text, "%s closed ", word(&reading, FIELD_closed_at));
	text_addf(text, "%s ", word(&reading, FIELD_id));
	add_end_of_life(text, &reading);
	add_figures(text, record);
	add_leg(text, &reading, LEG_CLIENT, FIELD_legs_client_tuple_path);
	text_add(text, " | ");
	add_leg(text, &reading, LEG_UPSTREAM, FIELD_legs_upstream_tuple_path);
	add_what_is_notable(text, &reading);
	text_add(text, "\n");
}
