/* SPDX-License-Identifier: MIT */
/* The lines above the list: which daemon, how much it does, in what states its connections are, and how they ended. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "base/quantity.h"
#include "client/conn_columns.h"
#include "client/json_at.h"
#include "client/live_view.h"

enum { LINE_MAX = 1024, ENDS_MAX = 64, LATE_MS = 2000 };

/* "WORD NUMBER", or nothing where the line has no room for all of it: an ink that is cut would steer the terminal. */
static void
add_count(struct text *text, const struct terminal *terminal, enum ink ink, const char *foreign, int64_t count)
{
	char word[128], bytes[192];
	struct text harmless, whole;

	text_init(&harmless, word, sizeof(word));
	terminal_add(&harmless, foreign);
	text_init(&whole, bytes, sizeof(bytes));
	text_addf(&whole, "  %s%s%s %lld", terminal_ink(terminal, ink), word, terminal_no_ink(terminal, ink),
	    (long long)count);
	if (whole.length < text->size - text->length)
		text_add(text, bytes);
}

/* What has not come is told when it is later than anybody would expect. */
enum ink
live_view_liveness(const struct live *live, int64_t now_ms, struct text *text)
{
	char every[QUANTITY_TEXT_MAX];
	int64_t waited = live->asked_ms == 0 ? 0 : now_ms - live->asked_ms;

	if (live->trouble[0] != '\0' || waited > LATE_MS) {
		int64_t since = live->heard_ms < now_ms ? now_ms - live->heard_ms : 0;

		text_addf(text, "NOT LIVE for %llds", (long long)since / 1000);
		return INK_RED;
	}
	if (live->paused) {
		text_add(text, "paused");
		return INK_YELLOW;
	}
	text_addf(text, "live, every %s", quantity_format_duration(live->interval_ms * NS_PER_MS, every));
	return INK_GREEN;
}

/* Left and right in one line, if both have room. */
static void
draw_first(const struct live *live, FILE *file, const struct terminal *terminal)
{
	const json_t *stats = live_model_stats(&live->model);
	const char *version = json_at_text(live->model.version, "version");
	char left_bytes[LINE_MAX], right_bytes[LINE_MAX], figure[FIGURE_MAX];
	struct text left, right;

	text_init(&left, left_bytes, sizeof(left_bytes));
	text_init(&right, right_bytes, sizeof(right_bytes));
	text_add(&left, "sockproxy");
	if (version != NULL) {
		text_add_char(&left, ' ');
		terminal_add(&left, version);
	}
	size_t bold = left.length;
	text_add(&left, "  ");
	terminal_add(&left, live->client->setting.url.shown);
	if (stats != NULL)
		text_addf(
		    &left, "  up %s", figure_duration(json_at_number(stats, "uptime_us", 0), FIGURE_NARROW, figure));
	enum ink ink = live_view_liveness(live, live_clock_ms(), &right);
	int gap = live->width - terminal_width(left_bytes) - terminal_width(right_bytes);
	fprintf(file, "%s%.*s%s%s%*s%s%s%s\n", terminal_ink(terminal, INK_BOLD), (int)bold, left_bytes,
	    terminal_no_ink(terminal, INK_BOLD), left_bytes + bold, gap > 2 ? gap : 2, "", terminal_ink(terminal, ink),
	    right_bytes, terminal_no_ink(terminal, ink));
}

static void
add_rate(struct text *text, const char *label, double rate)
{
	text_addf(text, "  %s ", label);
	if (rate < 0)
		text_add_char(text, '-');
	else
		text_addf(text, "%.*f/s", rate < 9.95 && rate > 0 ? 1 : 0, rate);
}

static void
add_bytes_rate(struct text *text, const char *label, double rate)
{
	char figure[FIGURE_MAX];

	text_addf(text, "  %s ", label);
	if (rate < 0)
		text_add_char(text, '-');
	else
		text_addf(text, "%s/s",
		    figure_size(rate < (double)UINT64_MAX ? (uint64_t)rate : UINT64_MAX, FIGURE_NARROW, figure));
}

static void
draw_rates(const struct live *live, FILE *file)
{
	const struct live_model *model = &live->model;
	const json_t *stats = live_model_stats(model);
	char bytes[LINE_MAX];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	text_addf(&text, "%lld of %lld open", (long long)json_at_number(stats, "connections_active", 0),
	    (long long)json_at_number(stats, "connections_max", 0));
	add_rate(&text, "accepted", live_model_rate(model, "totals.connections_accepted"));
	add_rate(&text, "closed", live_model_rate(model, "totals.connections_closed"));
	add_bytes_rate(&text, "up", live_model_rate(model, "totals.client_bytes_received"));
	add_bytes_rate(&text, "down", live_model_rate(model, "totals.upstream_bytes_received"));
	fprintf(file, "%s\n", bytes);
}

static void
draw_states(const struct live *live, FILE *file, const struct terminal *terminal)
{
	json_t *states = (json_t *)json_at(live_model_stats(&live->model), "connections_by_state"), *value;
	char bytes[LINE_MAX];
	const char *state;
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	text_add(&text, "states");
	size_t begin = text.length;
	json_object_foreach(states, state, value) {
		if (json_integer_value(value) != 0)
			add_count(&text, terminal, conn_state_ink(state), state, json_integer_value(value));
	}
	text_add(&text, text.length == begin ? "  none is open" : "");
	fprintf(file, "%s\n", bytes);
}

static void
draw_ends(const struct live *live, FILE *file, const struct terminal *terminal)
{
	struct live_end ends[ENDS_MAX];
	char bytes[LINE_MAX];
	struct text text;
	int64_t over_us;
	int count = live_model_ends(&live->model, ends, ENDS_MAX, &over_us);

	text_init(&text, bytes, sizeof(bytes));
	if (over_us == 0)
		text_add(&text, "ends  -");
	else
		text_addf(&text, "ends in %llds", (long long)(over_us / 1000000 + (over_us % 1000000 >= 500000)));
	for (int i = 0; i < count; i++)
		add_count(&text, terminal, conn_reason_ink(ends[i].reason), ends[i].reason, ends[i].count);
	text_add(&text, count == 0 && over_us > 0 ? "  none" : "");
	fprintf(file, "%s\n", bytes);
}

static void
draw_question(const struct live *live, FILE *file, const struct terminal *terminal)
{
	size_t total = live_total(live), last = live->first + live_view_rows(live);
	char bytes[2 * FILTER_TEXT_MAX];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	if (total == 0)
		text_add(&text, "none");
	else
		text_addf(&text, "%zu-%zu of %lld", live->first + 1, last < total ? last : total,
		    (long long)(live->model.matched < 0 ? (int64_t)total : live->model.matched));
	text_addf(&text, " %s", strcmp(live->state, "active") == 0 ? "open" : live->state);
	/* The order is cut off first: the heading has it, too. */
	if (live->filter[0] != '\0') {
		text_addf(&text, "  filter %s", terminal_ink(terminal, INK_BOLD));
		terminal_add(&text, live->filter);
		text_add(&text, terminal_no_ink(terminal, INK_BOLD));
	}
	if (live->order.field[0] != '\0') {
		text_add(&text, "  by ");
		terminal_add(&text, live_columns_name(live->columns, &live->order));
		text_add(&text, live->order.descending ? ", the greatest first" : ", the least first");
	}
	fprintf(file, "%s\n", bytes);
}

void
live_head_draw(const struct live *live, int lines, FILE *file, const struct terminal *terminal)
{
	if (lines > 0)
		draw_first(live, file, terminal);
	if (lines < 2)
		return;
	draw_rates(live, file);
	draw_states(live, file, terminal);
	draw_ends(live, file, terminal);
	draw_question(live, file, terminal);
}
