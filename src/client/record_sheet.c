/* SPDX-License-Identifier: MIT */
#include "client/record_sheet.h"

#include <string.h>
#include "base/figure.h"
#include "client/client.h"
#include "client/columns.h"
#include "client/conn_columns.h"
#include "client/json_at.h"
#include "track/fields.h"

enum { LINE_MAX = 2048, LABEL_WIDTH = 14 };

/* One page: a line "label   value" after the other. */
struct sheet {
	FILE *file;
	const struct terminal *terminal;
	const json_t *record;
	char bytes[LINE_MAX];
	struct text line; /* the value at hand */
};

static struct text *
begin(struct sheet *sheet)
{
	text_init(&sheet->line, sheet->bytes, sizeof(sheet->bytes));
	return &sheet->line;
}

static void
print(const struct sheet *sheet, const char *label, enum ink ink)
{
	fprintf(sheet->file, "%s%-*s%s%s%s%s\n", terminal_ink(sheet->terminal, INK_BOLD), LABEL_WIDTH, label,
	    terminal_no_ink(sheet->terminal, INK_BOLD), terminal_ink(sheet->terminal, ink), sheet->bytes,
	    terminal_no_ink(sheet->terminal, ink));
}

static void
add_at(struct sheet *sheet, const char *path)
{
	const char *word = json_at_text(sheet->record, path);

	terminal_add(&sheet->line, word == NULL ? "-" : word);
}

static void
add_field(struct sheet *sheet, const char *before, enum field field)
{
	text_add(&sheet->line, before);
	conn_field(&sheet->line, sheet->record, (int)field);
}

static void
print_who(struct sheet *sheet)
{
	const json_t *record = sheet->record;
	const char *source = json_at_text(record, "client.source");
	bool from_header = source != NULL && strcmp(source, "socket") != 0;

	begin(sheet);
	add_at(sheet, "id");
	print(sheet, "connection", INK_PLAIN);
	begin(sheet);
	add_at(sheet, "state");
	add_field(sheet, ", of the kind ", FIELD_kind);
	print(sheet, "state", conn_state_ink(json_at_text(record, "state")));
	begin(sheet);
	add_field(sheet, "", FIELD_opened_at);
	add_field(sheet, ", age ", FIELD_duration_us);
	add_field(sheet, ", idle ", FIELD_idle_us);
	print(sheet, "opened", INK_PLAIN);
	conn_address(begin(sheet), record, "client.address", "client.port", "a Unix socket");
	if (from_header)
		add_field(sheet, ", by its header ", FIELD_client_source);
	add_field(sheet, ", listener ", FIELD_listener);
	print(sheet, "client", INK_PLAIN);
	conn_address(begin(sheet), record, "target.address", "target.port", json_at_text(record, "target.name"));
	add_field(sheet, ", upstream ", FIELD_upstream);
	print(sheet, "target", INK_PLAIN);
}

static void
print_answers(struct sheet *sheet)
{
	const char *first = json_at_text(sheet->record, "turns.speaks_first"), *limit;

	limit = json_at_text(sheet->record, "limited_by");
	if (limit != NULL) {
		terminal_add(begin(sheet), limit);
		print(sheet, "limited by", INK_PLAIN);
	}
	if (first == NULL)
		return;
	begin(sheet);
	add_field(sheet, "", FIELD_turns_count);
	if (json_at(sheet->record, "turns.last_us") != NULL) {
		add_field(sheet, ", last ", FIELD_turns_last);
		add_field(sheet, ", mean ", FIELD_turns_mean);
		add_field(sheet, ", longest ", FIELD_turns_max);
	}
	add_field(sheet, "; first spoke the ", FIELD_turns_speaks_first);
	if (json_is_true(json_at(sheet->record, "turns.overlapped")))
		text_add(&sheet->line, "; both spoke at once, so turns mean little");
	print(sheet, "answers", INK_PLAIN);
}

/* Both legs have the same fields, in the same order. */
#define TO_UPSTREAM  (FIELD_legs_upstream_tuple_protocol - FIELD_legs_client_tuple_protocol)
#define OF_LEG(name) FIELD_legs_client_##name

static const struct {
	const char *label;
	enum field field;
} leg_rows[] = {
	{ "tcp state", OF_LEG(tcp_state) },
	{ "received", OF_LEG(bytes_received) },
	{ "sent", OF_LEG(bytes_sent) },
	{ "rate in", OF_LEG(rate_received) },
	{ "rate out", OF_LEG(rate_sent) },
	{ "unread", OF_LEG(receive_queue_bytes) },
	{ "unacked", OF_LEG(send_queue_bytes) },
	{ "limited by", OF_LEG(limited_by) },
	{ "round trip", OF_LEG(tcp_rtt_us) },
	{ "  shortest", OF_LEG(tcp_min_rtt_us) },
	{ "  varies by", OF_LEG(tcp_rtt_var_us) },
	{ "sent again", OF_LEG(tcp_retransmits_total) },
	{ "its window", OF_LEG(tcp_send_window_bytes) },
	{ "cwnd", OF_LEG(tcp_cwnd_segments) },
	{ "mss", OF_LEG(tcp_mss_send_bytes) },
	{ "delivers", OF_LEG(tcp_delivery_rate_bytes_per_second) },
	{ "busy", OF_LEG(tcp_busy_us) },
	{ "  by window", OF_LEG(tcp_rwnd_limited_us) },
	{ "  by buffer", OF_LEG(tcp_sndbuf_limited_us) },
	{ "congestion", OF_LEG(tcp_congestion) },
	{ "fd", OF_LEG(fd) },
	{ "cookie", OF_LEG(socket_cookie) },
	{ "FIN received", OF_LEG(fin_received_us) },
	{ "FIN sent", OF_LEG(fin_sent_us) },
	{ "RST received", OF_LEG(rst_received_us) },
	{ "RST sent", OF_LEG(rst_sent_us) },
	{ "error", OF_LEG(error) },
};

static void
add(struct columns *columns, enum ink ink, const char *text)
{
	if (!columns_add(columns, ink, text))
		client_no_memory();
}

static void
add_end(struct columns *columns, const json_t *record, const char *leg, const char *end)
{
	char address[64], port[64], bytes[CONN_CELL_MAX];
	const json_t *tuple;
	struct text text;

	snprintf(address, sizeof(address), "legs.%s.tuple", leg);
	tuple = json_at(record, address);
	snprintf(address, sizeof(address), "%s_ip", end);
	snprintf(port, sizeof(port), "%s_port", end);
	text_init(&text, bytes, sizeof(bytes));
	conn_address(&text, tuple, address, port, json_at_text(tuple, "path"));
	add(columns, INK_PLAIN, bytes);
}

static void
print_legs(struct sheet *sheet)
{
	static const struct columns_shape shapes[] = {
		{ "", false, 0, LABEL_WIDTH - 2, false },
		{ "CLIENT LEG", false, 0, 0, false },
		{ "UPSTREAM LEG", false, 0, 0, false },
	};
	struct columns *columns = columns_new(shapes, 3);
	const struct terminal whole = { .colour = sheet->terminal->colour };

	if (columns == NULL)
		client_no_memory();
	for (int i = 0; i < 2; i++) {
		add(columns, INK_BOLD, i == 0 ? "from" : "to");
		add_end(columns, sheet->record, "client", i == 0 ? "source" : "destination");
		add_end(columns, sheet->record, "upstream", i == 0 ? "source" : "destination");
	}
	for (size_t i = 0; i < sizeof(leg_rows) / sizeof(leg_rows[0]); i++) {
		char client[CONN_CELL_MAX], upstream[CONN_CELL_MAX];
		struct text text;

		text_init(&text, client, sizeof(client));
		conn_field(&text, sheet->record, (int)leg_rows[i].field);
		text_init(&text, upstream, sizeof(upstream));
		conn_field(&text, sheet->record, (int)leg_rows[i].field + TO_UPSTREAM);
		if (strcmp(client, "-") == 0 && strcmp(upstream, "-") == 0)
			continue;
		add(columns, INK_BOLD, leg_rows[i].label);
		add(columns, INK_PLAIN, client);
		add(columns, INK_PLAIN, upstream);
	}
	fputc('\n', sheet->file);
	columns_print(columns, sheet->file, &whole, true);
	columns_free(columns);
}

static const char *
offset(const json_t *object, const char *name, char figure[FIGURE_MAX])
{
	json_int_t us = json_at_number(object, name, -1);

	return us < 0 ? NULL : figure_duration(us, FIGURE_NARROW, figure);
}

static void
print_steps(struct sheet *sheet)
{
	static const struct columns_shape shapes[] = {
		{ "AT", true, 0, 8, false },
		{ "AFTER", true, 0, 6, false },
		{ "LEG", false, 0, 0, false },
		{ "STEP", false, 0, 0, false },
		{ "ERROR", false, 0, 0, true },
	};
	struct columns *columns = columns_new(shapes, 5);
	const struct terminal whole = { .is_one = true, .colour = sheet->terminal->colour };
	json_int_t before = 0;
	const json_t *event;
	size_t i;

	if (columns == NULL)
		client_no_memory();
	json_array_foreach(json_at(sheet->record, "events"), i, event) {
		char at[FIGURE_MAX], after[FIGURE_MAX];
		json_int_t us = json_at_number(event, "at_us", before);
		const char *error = json_at_text(event, "errno");

		if (us < 0)
			us = before;
		figure_duration(us > before ? us - before : 0, FIGURE_NARROW, after);
		add(columns, INK_PLAIN, offset(event, "at_us", at));
		add(columns, INK_DIM, i == 0 ? "" : after);
		add(columns, INK_PLAIN, json_at_text(event, "leg"));
		add(columns, INK_PLAIN, json_at_text(event, "event"));
		add(columns, INK_RED, error);
		before = us;
	}
	if (i > 0) {
		fputc('\n', sheet->file);
		columns_print(columns, sheet->file, &whole, true);
	}
	columns_free(columns);
}

static void
print_attempts(struct sheet *sheet)
{
	static const struct columns_shape shapes[] = {
		{ "TRIED", false, 0, 0, false },
		{ "AT", true, 0, 8, false },
		{ "FOR", true, 0, 6, false },
		{ "RESULT", false, 0, 0, false },
		{ "ERROR", false, 0, 0, true },
	};
	const json_t *attempts = json_at(sheet->record, "attempts"), *attempt;
	struct columns *columns = columns_new(shapes, 5);
	const struct terminal whole = { .is_one = true, .colour = sheet->terminal->colour };
	size_t i;

	if (columns == NULL)
		client_no_memory();
	json_array_foreach(attempts, i, attempt) {
		char at[FIGURE_MAX], lasted[FIGURE_MAX];

		add(columns, INK_PLAIN, json_at_text(attempt, "target"));
		add(columns, INK_PLAIN, offset(attempt, "at_us", at));
		add(columns, INK_PLAIN, offset(attempt, "duration_us", lasted));
		add(columns, INK_PLAIN, json_at_text(attempt, "result"));
		add(columns, INK_RED, json_at_text(attempt, "errno"));
	}
	/* A single one that went well is told by the steps. */
	const char *result = json_at_text(json_array_get(attempts, 0), "result");
	if (i > 1 || (i == 1 && result != NULL && strcmp(result, "connected") != 0)) {
		fputc('\n', sheet->file);
		columns_print(columns, sheet->file, &whole, true);
	}
	columns_free(columns);
}

static void
print_end(struct sheet *sheet)
{
	const json_t *record = sheet->record;
	const char *reason = json_at_text(record, "close.reason"), *detail = json_at_text(record, "close.detail");
	const char *words = json_at_text(record, "close.admin_reason");

	if (reason == NULL)
		return;
	fputc('\n', sheet->file);
	terminal_add(begin(sheet), reason);
	add_field(sheet, ", by ", FIELD_close_initiator);
	add_field(sheet, "/", FIELD_close_how);
	if (json_is_true(json_at(record, "close.clean")))
		text_add(&sheet->line, ", clean");
	print(sheet, "ended", conn_reason_ink(reason));
	if (detail != NULL) {
		terminal_add(begin(sheet), detail);
		print(sheet, "", INK_PLAIN);
	}
	if (words != NULL) {
		terminal_add(begin(sheet), words);
		print(sheet, "admin's reason", INK_PLAIN);
	}
	if (json_at_number(record, "close.undelivered_bytes.to_upstream", 0) > 0 ||
	    json_at_number(record, "close.undelivered_bytes.to_client", 0) > 0) {
		begin(sheet);
		add_field(sheet, "to the upstream ", FIELD_close_undelivered_up);
		add_field(sheet, ", to the client ", FIELD_close_undelivered_down);
		print(sheet, "undelivered", INK_YELLOW);
	}
}

void
record_sheet_print(const json_t *record, FILE *file, const struct terminal *terminal)
{
	struct sheet sheet = { .file = file, .terminal = terminal, .record = record };

	print_who(&sheet);
	print_answers(&sheet);
	print_legs(&sheet);
	print_attempts(&sheet);
	print_steps(&sheet);
	print_end(&sheet);
}
