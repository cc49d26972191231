/* SPDX-License-Identifier: MIT */
#include "export/record_table.h"

#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "track/story.h"

enum { GAP = 2, CELL_MAX = 1400, NAME_WIDTH_MIN = 8, NAME_WIDTH_MAX = 24 };

static const struct column usual[] = {
	{ CELL_FIELD, FIELD_id, "ID", 21, false },
	{ CELL_FIELD, FIELD_state, "STATE", 12, false },
	{ CELL_CLIENT, FIELD_client_address, "CLIENT", 21, false },
	{ CELL_FIELD, FIELD_listener, "LISTENER", 0, false }, /* as wide as the names are */
	{ CELL_TARGET, FIELD_target_address, "TARGET", 21, false },
	{ CELL_FIELD, FIELD_duration_us, "AGE", 6, true },
	{ CELL_FIELD, FIELD_idle_us, "IDLE", 6, true },
	{ CELL_UP, FIELD_legs_client_bytes_received, "UP", 6, true },
	{ CELL_DOWN, FIELD_legs_upstream_bytes_received, "DOWN", 6, true },
	{ CELL_RTT, FIELD_legs_client_tcp_rtt_us, "RTT", 6, true },
	{ CELL_RETRANSMITS, FIELD_legs_client_tcp_retransmits_total, "RETR", 4, true },
	{ CELL_FIELD, FIELD_limited_by, "LIMITED_BY", 11, false },
	{ CELL_FIELD, FIELD_close_reason, "REASON", 0, false },
};

static const struct {
	int width;
	bool right;
} shapes[FIELD_TYPES] = {
	[TYPE_BOOL] = { 5, false },
	[TYPE_COUNT] = { 6, true },
	[TYPE_BYTES] = { 6, true },
	[TYPE_RATE] = { 8, true },
	[TYPE_DURATION] = { 6, true },
	[TYPE_OFFSET] = { 6, true },
	[TYPE_INSTANT] = { 27, false },
	[TYPE_TEXT] = { 16, false },
	[TYPE_WORD] = { 12, false },
	[TYPE_ADDRESS] = { 15, false },
	[TYPE_PORT] = { 5, true },
	[TYPE_ERRNO] = { 12, false },
	[TYPE_ATTEMPTS] = { 3, true },
	[TYPE_EVENTS] = { 3, true },
};

static int
name_width(const struct settings *settings)
{
	int width = NAME_WIDTH_MIN;

	for (int i = 0; i < settings->pair_count; i++) {
		int length = (int)strnlen(settings->listeners[i].name, NAME_WIDTH_MAX);

		width = length > width ? length : width;
	}
	return width;
}

void
record_table_init(struct record_table *table, const struct settings *settings)
{
	table->count = sizeof(usual) / sizeof(usual[0]);
	for (int i = 0; i < table->count; i++) {
		table->columns[i] = usual[i];
		if (usual[i].cell == CELL_FIELD && usual[i].field == FIELD_listener)
			table->columns[i].width = name_width(settings);
	}
}

void
record_table_init_fields(struct record_table *table, const struct field_set *fields)
{
	table->count = 0;
	for (int field = 0; field < FIELD_COUNT; field++) {
		const struct field_meaning *meaning = &field_meanings[field];
		int width = (int)strlen(meaning->path);

		if (!fields->has[field])
			continue;
		if (shapes[meaning->type].width > width)
			width = shapes[meaning->type].width;
		if (field == FIELD_id)
			width = usual[0].width;
		table->columns[table->count++] = (struct column){
			CELL_FIELD,
			(enum field)field,
			meaning->path,
			width,
			shapes[meaning->type].right,
		};
	}
}

static void
add_number(struct text *text, enum field_type type, int64_t number)
{
	char figure[FIGURE_MAX];

	switch (type) {
	case TYPE_BYTES:
		text_add(text, figure_size((uint64_t)number, FIGURE_NARROW, figure));
		break;
	case TYPE_RATE:
		text_add(text, figure_size((uint64_t)number, FIGURE_NARROW, figure));
		text_add(text, "/s");
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
add_value(struct text *text, enum field_type type, const struct value *value)
{
	char room[INET6_ADDRSTRLEN > CLOCK_TEXT_MAX ? INET6_ADDRSTRLEN : CLOCK_TEXT_MAX];

	switch (value->kind) {
	case VALUE_NULL:
		text_add_char(text, '-');
		break;
	case VALUE_BOOL:
		text_add(text, value->truth ? "true" : "false");
		break;
	case VALUE_NUMBER:
		add_number(text, type, value->number);
		break;
	case VALUE_INSTANT:
		text_add(text, clock_format(value->number, room, sizeof(room)));
		break;
	case VALUE_ADDRESS:
		text_add(text, flow_ip_format(value->end, room));
		break;
	case VALUE_TEXT:
		text_add_printable(text, *value->text == '\0' ? "-" : value->text);
		break;
	case VALUE_LIST:
		break;
	}
}

static void
add_field(struct text *text, struct reading *reading, enum field field)
{
	enum field_type type = field_meanings[field].type;
	struct value value = field_show(reading, field);

	/* A list has no room in a column: how long it is must do. */
	if (type == TYPE_ATTEMPTS)
		value = (struct value){ .kind = VALUE_NUMBER, .number = reading->record->attempts };
	if (type == TYPE_EVENTS) {
		struct story_event events[STORY_EVENTS_MAX];

		value.kind = VALUE_NUMBER;
		value.number = story_events(reading->track, reading->record, events);
	}
	add_value(text, type, &value);
}

static void
add_address(struct text *text, struct reading *reading, enum field address, enum field port, enum field name)
{
	struct value ip = field_show(reading, address);
	char room[INET6_ADDRSTRLEN];

	if (ip.kind != VALUE_ADDRESS) {
		add_field(text, reading, name);
		return;
	}
	bool brackets = strchr(flow_ip_format(ip.end, room), ':') != NULL;
	text_addf(text, "%s%s%s:", brackets ? "[" : "", room, brackets ? "]" : "");
	add_field(text, reading, port);
}

static void
add_greater(struct text *text, struct reading *reading, enum field one, enum field other)
{
	struct value a = field_show(reading, one), b = field_show(reading, other);

	add_value(text, field_meanings[one].type,
	    a.kind == VALUE_NULL || (b.kind != VALUE_NULL && b.number > a.number) ? &b : &a);
}

static void
add_cell(struct text *text, const struct column *column, struct reading *reading)
{
	const struct record *record = reading->record;

	switch (column->cell) {
	case CELL_FIELD:
		add_field(text, reading, column->field);
		break;
	case CELL_CLIENT:
		add_address(text, reading, FIELD_client_address, FIELD_client_port, FIELD_client_address);
		break;
	case CELL_TARGET:
		add_address(text, reading, FIELD_target_address, FIELD_target_port, FIELD_target_name);
		break;
	case CELL_UP:
		add_number(text, TYPE_BYTES, (int64_t)record->bytes[LEG_CLIENT].received);
		break;
	case CELL_DOWN:
		add_number(text, TYPE_BYTES, (int64_t)record->bytes[LEG_UPSTREAM].received);
		break;
	case CELL_RTT:
		add_greater(text, reading, FIELD_legs_client_tcp_rtt_us, FIELD_legs_upstream_tcp_rtt_us);
		break;
	case CELL_RETRANSMITS:
		add_greater(
		    text, reading, FIELD_legs_client_tcp_retransmits_total, FIELD_legs_upstream_tcp_retransmits_total);
		break;
	}
}

/* Where a line stands, and where it would if every cell had kept to its column. */
struct pen {
	struct text *text;
	size_t begin, due;
};

static void
put_cell(struct pen *pen, const struct column *column, const char *cell, bool last)
{
	size_t length = strlen(cell), due = pen->due;

	if (due > 0)
		due += GAP;
	pen->due = due + (size_t)column->width;
	if (column->right && pen->due > length)
		due = pen->due - length;
	if (pen->text->length > pen->begin)
		text_add(pen->text, "  ");
	while (pen->text->length < pen->begin + due && !pen->text->truncated)
		text_add_char(pen->text, ' ');
	text_add(pen->text, cell);
	while (!last && pen->text->length < pen->begin + pen->due && !pen->text->truncated)
		text_add_char(pen->text, ' ');
}

void
record_table_write_heading(struct text *text, const struct record_table *table)
{
	struct pen pen = { text, text->length, 0 };

	for (int i = 0; i < table->count; i++)
		put_cell(&pen, &table->columns[i], table->columns[i].heading, i + 1 == table->count);
}

void
record_table_write(struct text *text, const struct record_table *table, struct reading *reading)
{
	struct pen pen = { text, text->length, 0 };
	char bytes[CELL_MAX];

	for (int i = 0; i < table->count; i++) {
		struct text cell;

		text_init(&cell, bytes, sizeof(bytes));
		add_cell(&cell, &table->columns[i], reading);
		put_cell(&pen, &table->columns[i], bytes, i + 1 == table->count);
	}
}
