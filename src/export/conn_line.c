/* SPDX-License-Identifier: MIT */
#include "export/conn_line.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "track/fields.h"

enum {
	NOTABLE_US = 1000000, /* a silence or a connect that deserves a word */
};

static const char *
word(struct reading *reading, enum field field)
{
	struct value value = field_read(reading, field);

	return value.kind == VALUE_TEXT ? value.text : "-";
}

static const char *
format_size(uint64_t bytes, char text[FIGURE_MAX])
{
	return figure_size(bytes, FIGURE_NARROW, text);
}

static const char *
format_duration(int64_t us, char text[FIGURE_MAX])
{
	return figure_duration(us, FIGURE_NARROW, text);
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
add_address(struct text *text, const struct flow_end *end)
{
	char ip[INET6_ADDRSTRLEN];

	if (strchr(flow_ip_format(end, ip), ':') == NULL)
		text_addf(text, "%s:%u", ip, end->port);
	else
		text_addf(text, "[%s]:%u", ip, end->port);
}

static void
add_socket_address(struct text *text, const struct flow_end *end)
{
	if (end->port == 0) /* the kernel had not chosen one */
		text_add(text, "-");
	else
		add_address(text, end);
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

/* Whom a PROXY header named: another than the leg shows. */
static void
add_client(struct text *text, const struct record *record)
{
	text_add(text, ", client ");
	if (record->client_protocol == FLOW_UNIX)
		text_add(text, "unix");
	else
		add_address(text, &record->client);
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

	if (record->client_source != CLIENT_SOCKET)
		add_client(text, record);
	if (record->kind != KIND_PROXY)
		text_addf(text, ", %s", word(reading, FIELD_kind));
	if (record->attempts > 1)
		text_addf(text, ", attempts %u", record->attempts);
	if (record->connect_us >= NOTABLE_US)
		text_addf(text, ", connect %s", format_duration(record->connect_us, figure));
	if (record->close.idle_us >= NOTABLE_US)
		text_addf(text, ", idle %s", format_duration(record->close.idle_us, figure));
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
	char at[CLOCK_TEXT_MAX];

	text_addf(text, "%s closed ", clock_format(field_read(&reading, FIELD_closed_at).number, at, sizeof(at)));
	text_addf(text, "%s ", word(&reading, FIELD_id));
	add_end_of_life(text, &reading);
	add_figures(text, record);
	add_leg(text, &reading, LEG_CLIENT, FIELD_legs_client_tuple_path);
	text_add(text, " | ");
	add_leg(text, &reading, LEG_UPSTREAM, FIELD_legs_upstream_tuple_path);
	add_what_is_notable(text, &reading);
	text_add(text, "\n");
}
