/* SPDX-License-Identifier: MIT */
#include "client/live_columns.h"

#include <stdlib.h>
#include <string.h>
#include "base/figure.h"
#include "client/client.h"
#include "client/columns.h"
#include "client/conn_columns.h"
#include "track/field_names.h"

enum { IN_OPEN = 1 << LIVE_OPEN, IN_CLOSED = 1 << LIVE_CLOSED, IN_ALL = 1 << LIVE_ALL };
enum { ALIVE = IN_OPEN | IN_ALL, DEAD = IN_CLOSED | IN_ALL, EVER = IN_OPEN | IN_CLOSED | IN_ALL };

/* Beyond those that each table of connections has. */
enum { NO_RATE = -1 };

struct live_column {
	int sets;
	struct columns_shape shape;
	enum conn_cell cell;
	int field; /* of SHOW_FIELD */
	int rate;  /* enum live_way: the speed of that way, in place of the cell */
	const char *sort, *fields;
};

/* What goes first on a narrow terminal has the highest rank: at 80 columns there is who, where, how long silent and
 * how fast. */
#define TUPLE(leg) "legs." leg ".tuple.protocol"
#define VIA        "legs.upstream.tuple.source_ip,legs.upstream.tuple.source_port"
/* clang-format off */
static const struct live_column all[] = {
	{ EVER,      { "ID",         false, 6, 21, false }, SHOW_FIELD, FIELD_id, NO_RATE, NULL, "id" },
	{ IN_CLOSED, { "CLOSED",     false, 8, 27, false }, SHOW_FIELD, FIELD_closed_at, NO_RATE, "closed_at", "closed_at" },
	{ EVER,      { "STATE",      false, 4, 11, false }, SHOW_STATE, 0, NO_RATE, "state", "state" },
	{ EVER,      { "CLIENT",     false, 0, 15, false }, SHOW_CLIENT, 0, NO_RATE, "client.address",
	  "client.address,client.port," TUPLE("client") },
	{ EVER,      { "LISTENER",   false, 9, 0, false },  SHOW_FIELD, FIELD_listener, NO_RATE, "listener", "listener" },
	{ EVER,      { "UPSTREAM",   false, 8, 0, false },  SHOW_FIELD, FIELD_upstream, NO_RATE, "upstream", "upstream" },
	{ EVER,      { "TARGET",     false, 5, 15, false }, SHOW_TARGET, 0, NO_RATE, "target.address",
	  "target.address,target.port,target.name,upstream," TUPLE("upstream") },
	{ EVER,      { "VIA",        false, 10, 15, false }, SHOW_VIA, 0, NO_RATE, NULL, VIA },
	{ EVER,      { "AGE",        true,  5, 6, false },  SHOW_FIELD, FIELD_duration_us, NO_RATE, "duration_us", "duration_us" },
	{ ALIVE,     { "IDLE",       true,  2, 6, false },  SHOW_FIELD, FIELD_idle_us, NO_RATE, "idle_us", "idle_us" },
	{ ALIVE,     { "UP/s",       true,  3, 8, false },  SHOW_FIELD, 0, LIVE_UP, "legs.client.rate_received_bytes_per_second",
	  "legs.client.rate_received_bytes_per_second,legs.client.bytes_received" },
	{ ALIVE,     { "DOWN/s",     true,  3, 8, false },  SHOW_FIELD, 0, LIVE_DOWN, "legs.upstream.rate_received_bytes_per_second",
	  "legs.upstream.rate_received_bytes_per_second,legs.upstream.bytes_received" },
	{ EVER,      { "UP",         true,  6, 6, false },  SHOW_FIELD, FIELD_legs_client_bytes_received, NO_RATE,
	  "legs.client.bytes_received", "legs.client.bytes_received" },
	{ EVER,      { "DOWN",       true,  6, 6, false },  SHOW_FIELD, FIELD_legs_upstream_bytes_received, NO_RATE,
	  "legs.upstream.bytes_received", "legs.upstream.bytes_received" },
	{ EVER,      { "TURN",       true,  8, 6, false },  SHOW_FIELD, FIELD_turns_last, NO_RATE, "turns.last_us", "turns.last_us" },
	{ EVER,      { "RTT",        true,  7, 6, false },  SHOW_RTT, 0, NO_RATE, "rtt", "rtt" },
	{ EVER,      { "RETR",       true,  8, 4, false },  SHOW_RETRANSMITS, 0, NO_RATE, "retransmits", "retransmits" },
	{ ALIVE,     { "LIMITED_BY", false, 7, 11, false }, SHOW_LIMIT, 0, NO_RATE, "limited_by", "limited_by" },
	{ DEAD,      { "BY",         false, 4, 8, false },  SHOW_FIELD, FIELD_close_initiator, NO_RATE, "close.initiator", "close.initiator" },
	{ DEAD,      { "REASON",     false, 1, 14, false }, SHOW_REASON, 0, NO_RATE, "close.reason", "close.reason" },
};
/* clang-format on */

enum { LIVE_COLUMNS = sizeof(all) / sizeof(all[0]), HEADING_MAX = 24 };

struct live_columns {
	int count;
	const struct live_column *used[LIVE_COLUMNS];
	struct columns_shape shapes[LIVE_COLUMNS];
	char headings[LIVE_COLUMNS][HEADING_MAX];
	bool left_out[LIVE_COLUMNS]; /* when they were last printed */
};

struct live_columns *
live_columns_new(void)
{
	struct live_columns *columns = calloc(1, sizeof(*columns));

	if (columns == NULL)
		client_no_memory();
	live_columns_reset(columns, LIVE_OPEN);
	return columns;
}

void
live_columns_free(struct live_columns *columns)
{
	free(columns);
}

void
live_columns_reset(struct live_columns *columns, enum live_set set)
{
	memset(columns, 0, sizeof(*columns));
	for (int i = 0; i < LIVE_COLUMNS; i++) {
		if ((all[i].sets >> set & 1) == 0)
			continue;
		columns->used[columns->count] = &all[i];
		columns->shapes[columns->count++] = all[i].shape;
	}
}

/* The id names a row, and by state and age one glance is compared with the next. */
void
live_columns_fields(const struct live_columns *columns, struct text *text)
{
	text_add(text, "id,state,duration_us");
	for (int i = 0; i < columns->count; i++) {
		if (!columns->left_out[i])
			text_addf(text, ",%s", columns->used[i]->fields);
	}
}

static bool
same_field(const char *name, const char *other)
{
	struct field_name a = field_name_find(name), b = field_name_find(other);

	return a.count > 0 && a.count == b.count && a.fields[0] == b.fields[0];
}

int
live_columns_find(const struct live_columns *columns, const struct live_order *order)
{
	for (int i = 0; i < columns->count; i++) {
		const char *sort = columns->used[i]->sort;

		if (sort != NULL && same_field(sort, order->field))
			return i;
	}
	return -1;
}

const char *
live_columns_name(const struct live_columns *columns, const struct live_order *order)
{
	int found = live_columns_find(columns, order);

	return found == -1 ? order->field : columns->used[found]->shape.heading;
}

enum live_way
live_columns_rate(const struct live_columns *columns, const struct live_order *order)
{
	int found = live_columns_find(columns, order);

	return found == -1 || columns->used[found]->rate == NO_RATE ? LIVE_WAYS
								    : (enum live_way)columns->used[found]->rate;
}

void
live_columns_step(const struct live_columns *columns, struct live_order *order, int direction)
{
	int at = live_columns_find(columns, order);

	if (at == -1 && direction < 0)
		at = 0;
	for (int tried = 0; tried < columns->count; tried++) {
		at = (at + direction + columns->count) % columns->count;
		const struct live_column *column = columns->used[at];
		if (columns->left_out[at] || column->sort == NULL)
			continue;
		snprintf(order->field, sizeof(order->field), "%s", column->sort);
		order->descending = column->shape.right;
		return;
	}
}

/* The one that is sorted by has an arrow: down is the greatest first. */
static void
set_headings(struct live_columns *columns, const struct live_order *order)
{
	int sorted = live_columns_find(columns, order);
	bool arrows = MB_CUR_MAX > 1;

	for (int i = 0; i < columns->count; i++) {
		const char *arrow = order->descending ? arrows ? "↓" : "v" : arrows ? "↑" : "^";

		snprintf(columns->headings[i], HEADING_MAX, "%s%s", columns->used[i]->shape.heading,
		    i == sorted ? arrow : "");
		columns->shapes[i].heading = columns->headings[i];
	}
}

static enum ink
add_rate(struct text *text, int64_t rate)
{
	char figure[FIGURE_MAX];

	if (rate < 0)
		text_add_char(text, '-');
	else
		text_addf(text, "%s/s", figure_size((uint64_t)rate, FIGURE_NARROW, figure));
	return rate > 0 ? INK_GREEN : INK_PLAIN;
}

static void
add_row(struct live_columns *columns, struct columns *table, const struct live_row *row)
{
	for (int i = 0; i < columns->count; i++) {
		const struct live_column *column = columns->used[i];
		char bytes[CONN_CELL_MAX];
		struct text cell;
		enum ink ink;

		text_init(&cell, bytes, sizeof(bytes));
		if (column->rate != NO_RATE)
			ink = add_rate(&cell, row->rate[column->rate]);
		else
			ink = conn_cell(&cell, column->cell, column->field, row->record);
		if (!columns_add(table, ink, bytes))
			client_no_memory();
	}
}

void
live_columns_print(struct live_columns *columns, const struct live_model *model, const struct live_order *order,
    size_t from, size_t count, FILE *file, const struct terminal *terminal)
{
	struct columns *table;

	set_headings(columns, order);
	table = columns_new(columns->shapes, columns->count);
	if (table == NULL)
		client_no_memory();
	for (size_t i = from; i < from + count && i < model->row_count; i++)
		add_row(columns, table, &model->rows[i]);
	columns_print(table, file, terminal, true);
	for (int i = 0; i < columns->count; i++) {
		columns->left_out[i] = columns_left_out(table, i);
		columns->shapes[i].least = columns_width(table, i);
	}
	columns_free(table);
}
