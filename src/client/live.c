/* SPDX-License-Identifier: MIT */
#include "client/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "client/json_at.h"
#include "client/live_view.h"

_Static_assert(sizeof(((struct client_options *)NULL)->operand) <= ASK_FILTER_MAX, "any operand fits");

/* What moves most is what most people look for. */
static const char busiest[] = "legs.upstream.rate_received_bytes_per_second";

int64_t
live_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void
live_set_order(struct live *live, const char *sort)
{
	bool descending = sort != NULL && *sort == '-';

	if (sort == NULL && live_set_of(live) == LIVE_OPEN) {
		sort = busiest;
		descending = true;
	} else if (descending) {
		sort++;
	}
	snprintf(live->order.field, sizeof(live->order.field), "%s", sort == NULL ? "" : sort);
	live->order.descending = descending;
}

void
live_init(struct live *live, struct client *client)
{
	const struct client_options *options = &client->options;

	memset(live, 0, sizeof(*live));
	live->client = client;
	live_model_init(&live->model);
	live->columns = live_columns_new();
	snprintf(live->state, sizeof(live->state), "%s", options->state == NULL ? "active" : options->state);
	snprintf(live->filter, sizeof(live->filter), "%s", options->operand);
	live_set_order(live, options->sort);
	live->limit = options->limit;
	live->interval_ms = options->interval_ns / NS_PER_MS;
	line_edit_init(&live->filter_line);
	line_edit_init(&live->interval_line);
	if (live->filter[0] != '\0') {
		line_edit_set(&live->filter_line, live->filter);
		line_edit_keep(&live->filter_line);
	}
	live_columns_reset(live->columns, live_set_of(live));
}

void
live_fini(struct live *live)
{
	live_model_fini(&live->model);
	live_columns_free(live->columns);
	line_edit_fini(&live->filter_line);
	line_edit_fini(&live->interval_line);
	json_decref(live->record);
	free(live->story);
	free(live->page);
}

enum live_set
live_set_of(const struct live *live)
{
	if (strcmp(live->state, "closed") == 0)
		return LIVE_CLOSED;
	return strcmp(live->state, "all") == 0 ? LIVE_ALL : LIVE_OPEN;
}

size_t
live_total(const struct live *live)
{
	size_t total = live->model.row_count;

	if (live->paused) /* no more will come */
		return total;
	if (live->model.matched > (int64_t)total)
		total = live->model.matched < LIVE_ROWS_MAX ? (size_t)live->model.matched : LIVE_ROWS_MAX;
	return live->limit > 0 && total > live->limit ? live->limit : total;
}

void
live_ask_anew(struct live *live)
{
	live_model_forget_rows(&live->model);
	live_columns_reset(live->columns, live_set_of(live));
	live->first = live->selected = 0;
	live->selected_id[0] = '\0';
	live->wants_glance = true;
}

const json_t *
live_selected(const struct live *live)
{
	return live->selected < live->model.row_count ? live->model.rows[live->selected].record : NULL;
}

static void
bring_into_sight(struct live *live)
{
	size_t rows = live_view_rows(live), total = live_total(live);

	if (live->selected >= total)
		live->selected = total > 0 ? total - 1 : 0;
	if (live->selected < live->first)
		live->first = live->selected;
	if (live->selected >= live->first + rows)
		live->first = live->selected - rows + 1;
	if (live->first + rows > total)
		live->first = total > rows ? total - rows : 0;
}

static void
choose(struct live *live, size_t row)
{
	const char *id;

	live->selected = row;
	bring_into_sight(live);
	id = live->selected == 0 ? NULL : json_at_text(live_selected(live), "id");
	snprintf(live->selected_id, sizeof(live->selected_id), "%s", id == NULL ? "" : id);
}

/* At the first row whoever is first is meant.  Elsewhere somebody has chosen a connection, and stays with it. */
void
live_settle(struct live *live)
{
	int64_t found = live->selected_id[0] == '\0' ? -1 : live_model_find(&live->model, live->selected_id);

	if (found >= 0)
		live->selected = (size_t)found;
	bring_into_sight(live);
	if (found < 0 && live->selected > 0)
		choose(live, live->selected);
}

/* Only who moves asks for rows that have not come.  Those that a list lacks, for connections ended meanwhile, the next
 * one would lack, too. */
void
live_select(struct live *live, size_t row)
{
	choose(live, row);
	if (live->first + live_view_rows(live) > live->model.row_count && live->model.row_count < live_total(live))
		live->wants_glance = true;
}

void
live_notice(struct live *live, enum ink ink, const char *format, ...)
{
	char bytes[sizeof(live->notice)];
	struct text text;
	va_list values;

	va_start(values, format);
	vsnprintf(bytes, sizeof(bytes), format, values);
	va_end(values);
	text_init(&text, live->notice, sizeof(live->notice));
	terminal_add(&text, bytes);
	live->notice_ink = ink;
}
