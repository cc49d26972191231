/* SPDX-License-Identifier: MIT */
#include "client/conn_columns.h"

#include <stdlib.h>
#include <string.h>
#include "base/figure.h"
#include "client/client.h"
#include "client/columns.h"
#include "client/json_at.h"
#include "track/field_names.h"

enum { COLUMNS_MAX = 64, TIME_BEGIN = 11, TIME_END = 23 };

struct conn_column {
	struct columns_shape shape;
	enum conn_cell cell;
	int field; /* of SHOW_FIELD; -1: one that only the daemon knows, by its heading */
};

struct conn_columns {
	struct columns *columns;
	int count;
	bool full_time;
	char *names; /* what headings are made of */
	struct conn_column all[COLUMNS_MAX];
	struct columns_shape shapes[COLUMNS_MAX];
};

enum { IN_TABLE = 1, IN_WIDE = 2, IN_BOTH = 3, IN_EVENTS = 4 };

/* What goes first on a narrow terminal has the highest rank. */
static const struct {
	int where;
	struct conn_column column;
} usual[] = {
	{ IN_EVENTS, { { "TIME", false, 0, 12, false }, SHOW_AT, 0 } },
	{ IN_EVENTS, { { "EVENT", false, 0, 10, false }, SHOW_EVENT, 0 } },
	{ IN_BOTH, { { "ID", false, 0, 21, false }, SHOW_FIELD, FIELD_id } },
	{ IN_BOTH, { { "STATE", false, 1, 11, false }, SHOW_STATE, 0 } },
	{ IN_WIDE, { { "OPENED", false, 4, 27, false }, SHOW_FIELD, FIELD_opened_at } },
	{ IN_BOTH, { { "CLIENT", false, 0, 15, false }, SHOW_CLIENT, 0 } },
	{ IN_BOTH, { { "LISTENER", false, 9, 0, false }, SHOW_FIELD, FIELD_listener } },
	{ IN_WIDE, { { "UPSTREAM", false, 7, 0, false }, SHOW_FIELD, FIELD_upstream } },
	{ IN_BOTH, { { "TARGET", false, 5, 15, false }, SHOW_TARGET, 0 } },
	{ IN_WIDE, { { "VIA", false, 6, 15, false }, SHOW_VIA, 0 } },
	{ IN_BOTH, { { "AGE", true, 4, 6, false }, SHOW_FIELD, FIELD_duration_us } },
	{ IN_BOTH, { { "IDLE", true, 2, 6, false }, SHOW_FIELD, FIELD_idle_us } },
	{ IN_BOTH, { { "UP", true, 3, 6, false }, SHOW_FIELD, FIELD_legs_client_bytes_received } },
	{ IN_BOTH, { { "DOWN", true, 3, 6, false }, SHOW_FIELD, FIELD_legs_upstream_bytes_received } },
	{ IN_BOTH, { { "RTT", true, 7, 6, true }, SHOW_RTT, 0 } },
	{ IN_BOTH, { { "RETR", true, 8, 0, true }, SHOW_RETRANSMITS, 0 } },
	{ IN_BOTH, { { "LIMITED_BY", false, 6, 0, true }, SHOW_LIMIT, 0 } },
	{ IN_WIDE, { { "KIND", false, 9, 0, false }, SHOW_FIELD, FIELD_kind } },
	{ IN_BOTH, { { "REASON", false, 3, 0, true }, SHOW_REASON, 0 } },
};

static void
put(struct conn_columns *columns, const struct conn_column *column)
{
	if (columns->count == COLUMNS_MAX)
		return;
	columns->all[columns->count] = *column;
	columns->shapes[columns->count++] = column->shape;
}

static void
put_usual(struct conn_columns *columns, int where)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if ((usual[i].where & where) != 0)
			put(columns, &usual[i].column);
	}
}

static bool
is_number(int field)
{
	static const bool numbers[FIELD_TYPES] = {
		[TYPE_COUNT] = true,
		[TYPE_BYTES] = true,
		[TYPE_RATE] = true,
		[TYPE_DURATION] = true,
		[TYPE_OFFSET] = true,
		[TYPE_PORT] = true,
	};

	return numbers[field_meanings[field].type];
}

/* A daemon may know fields that this program does not: such a name is taken for a path. */
static void
put_fields(struct conn_columns *columns, const char *fields)
{
	char *rest = columns->names, *name;

	strcpy(rest, fields);
	while ((name = strsep(&rest, ",")) != NULL) {
		struct field_name found = field_name_find(name);

		if (found.count == 0 && *name != '\0')
			put(columns, &(struct conn_column){ .shape.heading = name, .field = -1 });
		for (int i = 0; i < found.count; i++)
			put(columns, &(struct conn_column){
					 .shape = { field_meanings[found.fields[i]].path, is_number(found.fields[i]), 0,
					     0, false },
					 .field = (int)found.fields[i],
				     });
	}
}

struct conn_columns *
conn_columns_new(enum output_form form, const char *fields, bool events)
{
	struct conn_columns *columns = calloc(1, sizeof(*columns));

	if (columns == NULL)
		client_no_memory();
	columns->full_time = form == OUTPUT_WIDE;
	columns->names = malloc(fields == NULL ? 1 : strlen(fields) + 1);
	if (columns->names == NULL)
		client_no_memory();
	if (events)
		put_usual(columns, IN_EVENTS);
	if (fields != NULL)
		put_fields(columns, fields);
	else
		put_usual(columns, form == OUTPUT_WIDE ? IN_WIDE : IN_TABLE);
	for (int i = 0; i < columns->count; i++) {
		if (form == OUTPUT_WIDE)
			columns->shapes[i].rank = 0;
		if (form == OUTPUT_WIDE || events)
			columns->shapes[i].hides = false;
	}
	columns->columns = columns_new(columns->shapes, columns->count);
	if (columns->columns == NULL)
		client_no_memory();
	return columns;
}

void
conn_columns_free(struct conn_columns *columns)
{
	columns_free(columns->columns);
	free(columns->names);
	free(columns);
}

enum ink
conn_state_ink(const char *state)
{
	if (state == NULL || strcmp(state, "established") == 0)
		return INK_PLAIN;
	if (strcmp(state, "closed") == 0)
		return INK_DIM;
	return strstr(state, "half_closed") != NULL ? INK_BLUE : INK_YELLOW;
}

enum ink
conn_reason_ink(const char *reason)
{
	for (int why = WHY_NONE + 1; reason != NULL && why < WHY_COUNT; why++) {
		if (strcmp(reason, close_meanings[why].text) != 0)
			continue;
		switch (close_meanings[why].how) {
		case HOW_RST:
		case HOW_ERROR:
			return INK_RED;
		case HOW_TIMEOUT:
			return INK_YELLOW;
		default:
			return INK_PLAIN;
		}
	}
	return INK_PLAIN;
}

static enum ink
limit_ink(const char *limit)
{
	bool hurts = limit != NULL && strcmp(limit, "none") != 0 && strcmp(limit, "application") != 0;

	return hurts ? INK_YELLOW : INK_PLAIN;
}

void
conn_address(struct text *text, const json_t *object, const char *address, const char *port, const char *otherwise)
{
	const char *ip = json_at_text(object, address);
	json_int_t number = json_at_number(object, port, -1);

	if (ip == NULL) {
		terminal_add(text, otherwise == NULL ? "-" : otherwise);
		return;
	}
	bool brackets = strchr(ip, ':') != NULL;
	text_add(text, brackets ? "[" : "");
	terminal_add(text, ip);
	text_add(text, brackets ? "]" : "");
	if (number >= 0)
		text_addf(text, ":%lld", (long long)number);
}

static void
add_number(struct text *text, int field, json_int_t number)
{
	char figure[FIGURE_MAX];

	switch (field < 0 ? TYPE_COUNT : field_meanings[field].type) {
	case TYPE_BYTES:
		text_add(text, figure_size((uint64_t)number, FIGURE_NARROW, figure));
		break;
	case TYPE_RATE:
		text_addf(text, "%s/s", figure_size((uint64_t)number, FIGURE_NARROW, figure));
		break;
	case TYPE_DURATION:
	case TYPE_OFFSET:
		text_add(text, figure_duration(number > 0 ? number : 0, FIGURE_NARROW, figure));
		break;
	default:
		text_add_i64(text, number);
	}
}

static void
add_value(struct text *text, int field, const json_t *value)
{
	if (json_is_string(value))
		terminal_add(text, json_string_value(value));
	else if (json_is_integer(value))
		add_number(text, field, json_integer_value(value));
	else if (json_is_boolean(value))
		text_add(text, json_is_true(value) ? "true" : "false");
	else if (json_is_array(value)) /* a list has no room in a column: how long it is must do */
		text_add_u64(text, json_array_size(value));
	else
		text_add_char(text, '-');
}

void
conn_field(struct text *text, const json_t *record, int field)
{
	add_value(text, field, json_at(record, field_meanings[field].path));
}

/* Of both legs the greater. */
static void
add_greater(struct text *text, const json_t *record, enum field one, enum field other)
{
	json_int_t a = json_at_number(record, field_meanings[one].path, -1);
	json_int_t b = json_at_number(record, field_meanings[other].path, -1);
	json_int_t greater = a > b ? a : b;

	if (greater < 0)
		text_add_char(text, '-');
	else
		add_number(text, (int)one, greater);
}

static const char *
unless_tcp(const json_t *record, const char *protocol, const char *name)
{
	const char *is = json_at_text(record, protocol);

	return is != NULL && strcmp(is, "unix") == 0 ? name : NULL;
}

/* The time of day alone, "15:30:12.000Z", where columns are dear. */
static void
add_at(struct text *text, const json_t *event, bool full)
{
	const char *at = json_at_text(event, "at");

	if (at != NULL && !full && strlen(at) >= TIME_END)
		text_add_bytes(text, at + TIME_BEGIN, TIME_END - TIME_BEGIN);
	else
		terminal_add(text, at == NULL ? "-" : at);
}

enum ink
conn_cell(struct text *text, enum conn_cell cell, int field, const json_t *record)
{
	const char *word = NULL;

	switch (cell) {
	case SHOW_FIELD:
		conn_field(text, record, field);
		return INK_PLAIN;
	case SHOW_AT:
	case SHOW_EVENT: /* no record has them */
		text_add_char(text, '-');
		return INK_PLAIN;
	case SHOW_STATE:
		word = json_at_text(record, "state");
		terminal_add(text, word == NULL ? "-" : word);
		return conn_state_ink(word);
	case SHOW_CLIENT:
		conn_address(text, record, "client.address", "client.port",
		    unless_tcp(record, "legs.client.tuple.protocol", "unix"));
		return INK_PLAIN;
	case SHOW_TARGET:
		word = json_at_text(record, "target.name");
		conn_address(text, record, "target.address", "target.port",
		    unless_tcp(record, "legs.upstream.tuple.protocol",
			word != NULL ? word : json_at_text(record, "upstream")));
		return INK_PLAIN;
	case SHOW_VIA:
		conn_address(text, record, "legs.upstream.tuple.source_ip", "legs.upstream.tuple.source_port", NULL);
		return INK_PLAIN;
	case SHOW_RTT:
		add_greater(text, record, FIELD_legs_client_tcp_rtt_us, FIELD_legs_upstream_tcp_rtt_us);
		return INK_PLAIN;
	case SHOW_RETRANSMITS:
		add_greater(
		    text, record, FIELD_legs_client_tcp_retransmits_total, FIELD_legs_upstream_tcp_retransmits_total);
		return INK_PLAIN;
	case SHOW_LIMIT:
		word = json_at_text(record, "limited_by");
		terminal_add(text, word == NULL ? "-" : word);
		return limit_ink(word);
	case SHOW_REASON:
		word = json_at_text(record, "close.reason");
		terminal_add(text, word == NULL ? "-" : word);
		return conn_reason_ink(word);
	}
	return INK_PLAIN;
}

static enum ink
add_cell(struct text *text, const struct conn_columns *columns, const struct conn_column *column, const json_t *event,
    const json_t *record)
{
	if (column->cell == SHOW_AT) {
		add_at(text, event, columns->full_time);
		return INK_DIM;
	}
	if (column->cell == SHOW_EVENT) {
		terminal_add(text, json_at(event, "type") == NULL ? "-" : json_at_text(event, "type"));
		return INK_PLAIN;
	}
	if (column->cell == SHOW_FIELD && column->field < 0) {
		add_value(text, -1, json_at(record, column->shape.heading));
		return INK_PLAIN;
	}
	return conn_cell(text, column->cell, column->field, record);
}

static void
add_row(struct conn_columns *columns, const json_t *event, const json_t *record)
{
	for (int i = 0; i < columns->count; i++) {
		char bytes[CONN_CELL_MAX];
		struct text cell;

		text_init(&cell, bytes, sizeof(bytes));
		enum ink ink = add_cell(&cell, columns, &columns->all[i], event, record);
		if (!columns_add(columns->columns, ink, bytes))
			client_no_memory();
	}
}

void
conn_columns_add(struct conn_columns *columns, const json_t *record)
{
	add_row(columns, NULL, record);
}

void
conn_columns_add_event(struct conn_columns *columns, const json_t *event)
{
	add_row(columns, event, json_at(event, "conn"));
}

void
conn_columns_print(struct conn_columns *columns, FILE *file, const struct terminal *terminal, bool heading)
{
	columns_print(columns->columns, file, terminal, heading);
}
