/* SPDX-License-Identifier: MIT */
#include "client/live_fetch.h"

#include <stdlib.h>
#include <string.h>
#include "client/live_take.h"
#include "client/live_view.h"

enum { ROWS_FIRST = 200, RETRY_MS = 1000, FIELDS_MAX = 2048 };

/* In the order in which they are asked. */
enum asking { ASK_NOTHING, ASK_ORDER, ASK_VERSION, ASK_STATS, ASK_CONNS, ASK_RECORD, ASK_STORY };

struct live_fetch {
	struct live *live;
	enum asking asking;
	int64_t next_ms, begun_ms; /* of glances */
	bool is_first;             /* a glance that cmd_top waits for: it tells what goes wrong */
	int status;                /* of that */
	struct http_ask question;
	struct http_answer answer;
	struct target target;
};

struct live_fetch *
live_fetch_new(struct live *live)
{
	struct live_fetch *fetch = calloc(1, sizeof(*fetch));

	if (fetch == NULL)
		client_no_memory();
	fetch->live = live;
	return fetch;
}

static void
drop(struct live_fetch *fetch)
{
	http_client_give_up(fetch->live->client->http);
	http_answer_fini(&fetch->answer);
	fetch->asking = ASK_NOTHING;
	fetch->live->asked_ms = 0;
}

void
live_fetch_free(struct live_fetch *fetch)
{
	drop(fetch);
	free(fetch);
}

/* What is due is also what is tried: a filter that is still typed. */
static const char *
filter_of(const struct live *live)
{
	return live->is_tried ? live->tried : live->filter;
}

/* As many as are shown, and a screen more, so that one step down shows no hole.  How large the screen is shows when it is
 * open, behind the first glance. */
static uint64_t
rows_wanted(const struct live *live)
{
	uint64_t wanted = live->height == 0 ? ROWS_FIRST : live->first + 2 * live_view_rows(live);

	if (wanted <= live->selected)
		wanted = live->selected + 1;
	if (live->limit > 0 && (live->client->options.once || wanted > live->limit))
		wanted = live->limit;
	return wanted > LIVE_ROWS_MAX ? LIVE_ROWS_MAX : wanted;
}

static void
set_list(struct live_fetch *fetch)
{
	const struct live *live = fetch->live;
	char fields[FIELDS_MAX], sort[LIVE_FIELD_MAX + 1];
	struct text text;

	snprintf(sort, sizeof(sort), "%s%s", live->order.descending ? "-" : "", live->order.field);
	text_init(&text, fields, sizeof(fields));
	live_columns_fields(live->columns, &text);
	target_init(&fetch->target, "/conns");
	target_add(&fetch->target, "state", live->state);
	target_add(&fetch->target, "filter", filter_of(live));
	if (live->order.field[0] != '\0')
		target_add(&fetch->target, "sort", sort);
	target_add_number(&fetch->target, "limit", rows_wanted(live));
	target_add_number(&fetch->target, "count", 1);
	target_add(&fetch->target, "fields", fields);
}

static void
set_order(struct live_fetch *fetch)
{
	const struct live_kill *kill = &fetch->live->kill;

	fetch->live->kill_is_due = false;
	fetch->live->ordered = kill->count;
	target_init(&fetch->target, "/conns");
	if (kill->all) {
		target_add(&fetch->target, "filter", kill->filter);
		target_add_number(&fetch->target, "max", (uint64_t)kill->count);
	} else {
		target_add_word(&fetch->target, kill->id);
	}
	if (kill->how == KILL_FIN)
		target_add(&fetch->target, "how", "fin");
}

static void
set_target(struct live_fetch *fetch)
{
	switch (fetch->asking) {
	case ASK_NOTHING:
		break;
	case ASK_ORDER:
		set_order(fetch);
		break;
	case ASK_VERSION:
		target_init(&fetch->target, "/version");
		break;
	case ASK_STATS:
		target_init(&fetch->target, "/stats");
		break;
	case ASK_CONNS:
		set_list(fetch);
		break;
	case ASK_RECORD:
	case ASK_STORY:
		target_init(&fetch->target, "/conns");
		target_add_word(&fetch->target, fetch->live->id);
		if (fetch->asking == ASK_STORY)
			text_add(&fetch->target.text, "/explain");
		break;
	}
}

static void
ask_for(struct live_fetch *fetch, enum asking asking)
{
	struct live *live = fetch->live;

	fetch->asking = asking;
	set_target(fetch);
	fetch->question = (struct http_ask){
		.method = asking == ASK_ORDER ? "DELETE" : "GET",
		.target = fetch->target.bytes,
		.accept = asking == ASK_STORY ? "text/plain" : "application/json",
	};
	if (!http_client_begin(live->client->http, &fetch->question, &fetch->answer))
		client_no_memory();
	if (live->asked_ms == 0)
		live->asked_ms = live_clock_ms();
}

static bool
shows_one(const struct live *live)
{
	return live->mode == LIVE_DETAIL || (live->mode == LIVE_CONFIRM && live->back == LIVE_DETAIL);
}

/* What is asked behind that. */
static enum asking
next_of(const struct live_fetch *fetch)
{
	const struct live *live = fetch->live;

	switch (fetch->asking) {
	case ASK_NOTHING:
		if (live->kill_is_due)
			return ASK_ORDER;
		return live->model.version == NULL ? ASK_VERSION : ASK_STATS;
	case ASK_ORDER:
		return live->model.version == NULL ? ASK_VERSION : ASK_STATS;
	case ASK_VERSION:
		return ASK_STATS;
	case ASK_STATS:
		return shows_one(live) ? ASK_RECORD : ASK_CONNS;
	case ASK_RECORD:
		return ASK_STORY;
	default:
		return ASK_NOTHING;
	}
}

static void
end_glance(struct live_fetch *fetch)
{
	struct live *live = fetch->live;
	int64_t now = live_clock_ms();

	fetch->asking = ASK_NOTHING;
	live->asked_ms = 0;
	fetch->next_ms = fetch->begun_ms + live->interval_ms;
	if (fetch->next_ms < now)
		fetch->next_ms = now;
}

static json_t *
document_of(const struct http_answer *answer)
{
	return answer->body == NULL ? NULL : json_loadb(answer->body, answer->length, 0, NULL);
}

/* False: it is no answer of a sockproxy. */
static bool
take(struct live_fetch *fetch, json_t *document)
{
	struct live *live = fetch->live;

	switch (fetch->asking) {
	case ASK_ORDER:
		live_take_order(live, document);
		return true;
	case ASK_VERSION:
		return live_take_version(live, document);
	case ASK_STATS:
		return live_take_stats(live, document);
	case ASK_CONNS:
		return live_take_conns(live, document);
	case ASK_RECORD:
		return live_take_record(live, document);
	default:
		return true;
	}
}

/* The daemon has understood and says no.  What it says belongs to the line that is typed, to the order, or to the
 * connection that is shown; else it is trouble. */
static void
refused(struct live_fetch *fetch, const char *why)
{
	struct live *live = fetch->live;

	if (fetch->asking == ASK_CONNS && live->is_tried && fetch->answer.status == 400) {
		json_t *document = document_of(&fetch->answer);

		live_take_fault(live, document, why);
		json_decref(document);
	} else if (fetch->asking == ASK_RECORD || fetch->asking == ASK_STORY) {
		live_notice(live, INK_YELLOW, "%s", why);
	} else {
		snprintf(live->trouble, sizeof(live->trouble), "%s", why);
	}
}

/* What goes wrong ends the glance; an order is not given twice. */
static void
fail(struct live_fetch *fetch, enum http_result result, const char *why)
{
	struct live *live = fetch->live;
	bool answered = result == HTTP_ANSWERED, was_well = live->trouble[0] == '\0';

	if (fetch->asking == ASK_ORDER) {
		live_notice(live, INK_RED, "%s", why);
		live->wants_glance = true;
	} else if (answered) {
		refused(fetch, why);
	} else {
		snprintf(live->trouble, sizeof(live->trouble), "%s", why);
	}
	end_glance(fetch);
	if (was_well && live->trouble[0] != '\0') /* what was told before is old news */
		live->notice[0] = '\0';
	if (live->trouble[0] != '\0' && fetch->next_ms < live_clock_ms() + RETRY_MS)
		fetch->next_ms = live_clock_ms() + RETRY_MS;
}

static void
take_answer(struct live_fetch *fetch, enum http_result result)
{
	struct live *live = fetch->live;
	char bytes[sizeof(live->trouble)];
	struct text why;

	text_init(&why, bytes, sizeof(bytes));
	if (result != HTTP_ANSWERED || fetch->answer.status / 100 != 2) {
		ask_describe(&why, result, &fetch->answer);
	} else if (fetch->asking == ASK_STORY) {
		live_take_story(live, fetch->answer.body);
	} else {
		json_t *document = document_of(&fetch->answer);

		if (!take(fetch, document))
			text_add(&why, "what answers there is no sockproxy");
		json_decref(document);
	}
	if (why.length > 0) {
		if (fetch->is_first)
			fetch->status = ask_complain(live->client, result, &fetch->answer);
		fail(fetch, result, bytes);
	} else {
		live->trouble[0] = '\0';
		live->heard_ms = live_clock_ms();
	}
	http_answer_fini(&fetch->answer);
}

/* One answer further: the next question, or the end of the glance. */
static void
go_on(struct live_fetch *fetch, enum http_result result)
{
	enum asking next;

	fetch->live->asked_ms = 0;
	take_answer(fetch, result);
	if (fetch->asking == ASK_NOTHING)
		return;
	next = next_of(fetch);
	if (next == ASK_NOTHING)
		end_glance(fetch);
	else
		ask_for(fetch, next);
}

static void
begin_glance(struct live_fetch *fetch)
{
	fetch->begun_ms = live_clock_ms();
	fetch->live->wants_glance = false;
	ask_for(fetch, next_of(fetch));
}

static bool
is_due(const struct live_fetch *fetch, int64_t now)
{
	const struct live *live = fetch->live;

	if (live->wants_glance || live->kill_is_due)
		return live->trouble[0] == '\0' || now >= fetch->next_ms;
	return now >= fetch->next_ms && (!live->paused || live->trouble[0] != '\0');
}

bool
live_fetch_wait(struct live_fetch *fetch, const int *fds, int count, int64_t until_ms)
{
	enum http_result result;
	int64_t now = live_clock_ms(), until = until_ms;

	if (fetch->asking == ASK_NOTHING && is_due(fetch, now))
		begin_glance(fetch);
	if (fetch->asking == ASK_NOTHING && !fetch->live->paused && fetch->next_ms < until)
		until = fetch->next_ms;
	if (!http_client_wait(fetch->live->client->http, fds, count, until > now ? (int)(until - now) : 0, &result))
		return false;
	go_on(fetch, result);
	return true;
}

int
live_fetch_glance(struct live_fetch *fetch)
{
	enum http_result result;

	fetch->is_first = true;
	fetch->status = EXIT_FINE;
	begin_glance(fetch);
	while (fetch->asking != ASK_NOTHING) {
		if (http_client_wait(fetch->live->client->http, NULL, 0, RETRY_MS, &result))
			go_on(fetch, result);
	}
	fetch->is_first = false;
	return fetch->status;
}

/* An order is not given twice. */
void
live_fetch_forget(struct live_fetch *fetch)
{
	if (fetch->asking != ASK_ORDER)
		drop(fetch);
}

void
live_fetch_restart(struct live_fetch *fetch)
{
	live_fetch_forget(fetch);
	fetch->live->wants_glance = true;
}
