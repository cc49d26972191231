/* SPDX-License-Identifier: MIT */
#include "client/live_take.h"

#include <stdlib.h>
#include <string.h>
#include "client/json_at.h"
#include "client/live_view.h"

bool
live_take_version(struct live *live, json_t *version)
{
	if (json_at_text(version, "version") == NULL)
		return false;
	live_model_take_version(&live->model, json_incref(version));
	return true;
}

/* Another start may be another version. */
bool
live_take_stats(struct live *live, json_t *stats)
{
	bool anew;

	if (!live_model_take_stats(&live->model, json_incref(stats), &anew))
		return false;
	if (anew) {
		live_model_take_version(&live->model, NULL);
		live_notice(live, INK_YELLOW, "the daemon has been started anew");
	}
	return true;
}

/* The filter that was typed is one: from now on it is the question's. */
static void
accept_filter(struct live *live)
{
	bool is_another = strcmp(live->tried, live->filter) != 0;

	live->is_tried = false;
	live->fault[0] = '\0';
	if (is_another) {
		strcpy(live->filter, live->tried);
		live_ask_anew(live);
		live->wants_glance = false;
	}
	if (live->mode != LIVE_FILTER)
		return;
	line_edit_keep(&live->filter_line);
	live->mode = LIVE_LIST;
}

bool
live_take_conns(struct live *live, json_t *conns)
{
	enum live_way way = live_columns_rate(live->columns, &live->order);

	if (!json_is_array(json_at(conns, "conns")))
		return false;
	if (live->is_tried)
		accept_filter(live);
	live_model_take_conns(&live->model, json_incref(conns));
	if (way != LIVE_WAYS)
		live_model_sort_by_rate(&live->model, way, live->order.descending);
	live_settle(live);
	return true;
}

bool
live_take_record(struct live *live, json_t *record)
{
	if (json_at_text(record, "id") == NULL)
		return false;
	json_decref(live->record);
	live->record = json_incref(record);
	live_page_detail(live);
	return true;
}

void
live_take_story(struct live *live, const char *story)
{
	free(live->story);
	live->story = story == NULL ? NULL : strdup(story);
	live_page_detail(live);
}

/* Fewer posted than matched is told. */
void
live_take_order(struct live *live, const json_t *answer)
{
	json_int_t matched = json_at_number(answer, "matched", 0), posted = json_at_number(answer, "posted", 0);
	const char *detail = json_at_text(answer, "detail");

	live_notice(live, posted < matched && posted < live->ordered ? INK_YELLOW : INK_GREEN,
	    "%lld matched, %lld ordered to end%s%s", (long long)matched, (long long)posted, detail == NULL ? "" : ": ",
	    detail == NULL ? "" : detail);
}

void
live_take_fault(struct live *live, const json_t *problem, const char *why)
{
	const char *detail = json_at_text(problem, "detail");
	struct text text;

	text_init(&text, live->fault, sizeof(live->fault));
	terminal_add(&text, detail == NULL ? why : detail);
	live->fault_at = (size_t)json_at_number(problem, "position", -1);
	live->fault_length = (size_t)json_at_number(problem, "length", 0);
	live->is_tried = false;
	live->wants_glance = !live->paused;
}
