/* SPDX-License-Identifier: MIT */
/*
 * sockproxy events [FILTER]: what happens, a line each, until somebody stops it.
 *
 * An event's cursor is where to go on, so a connection that breaks off costs nothing: the next
 * one asks for what came since.  What is lost all the same is said.
 *
 *   following ──cut off──► waiting ──► following since CURSOR
 *                             ▲            │ 410: too much has happened, or another start of the daemon
 *                             │            ▼
 *                             └── 503 ── following from now on
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "client/ask.h"
#include "client/conn_columns.h"
#include "client/json_at.h"

enum {
	EVENT_MAX = 1 << 17, /* one line */
	CURSOR_MAX = 4096,
	PAUSE_LEAST_MS = 100,
	PAUSE_MOST_MS = 5000,
	SILENCE_MS = 45000, /* three heartbeats */
	TIME_BEGIN = 11,    /* in an instant, up to its milliseconds */
	TIME_END = 23,
	TYPE_WIDTH = 12, /* as the column is wide, and the gap behind it */
};

struct following {
	struct client *client;
	struct conn_columns *columns; /* NULL: JSON */
	struct target target;
	uint32_t left; /* of --limit */
	bool ends_by_itself;
	bool came;       /* at least one event, ever */
	bool heard;      /* the daemon, since we last asked */
	int lost_status; /* standard output takes no more */
	bool output_is_gone;
	char cursor[CURSOR_MAX];
	size_t length; /* of the line that is not whole yet */
	bool too_long; /* its beginning is thrown away */
	char line[EVENT_MAX];
};

/* Where there is nothing better to say, what a daemon of the future says. */
static void
add_rest(struct text *text, const json_t *what)
{
	char *rest = json_dumps(what, JSON_COMPACT | JSON_ENCODE_ANY);

	terminal_add(text, rest == NULL ? "" : rest);
	free(rest);
}

/* "NAME  STATE"; of an upstream its target, and to where that leads now. */
static void
add_what(struct text *text, const json_t *what)
{
	static const char *const words[] = { "name", "state", "target", "error" };
	const json_t *addresses = json_at(what, "addresses"), *address;
	const char *between = "";
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = json_at_text(what, words[i]);

		if (word == NULL)
			continue;
		text_add(text, between);
		terminal_add(text, word);
		between = "  ";
	}
	json_array_foreach(addresses, i, address) {
		text_add(text, i == 0 ? between : ",");
		terminal_add(text, json_is_string(address) ? json_string_value(address) : "?");
	}
	if (*between == '\0')
		add_rest(text, what);
}

/* One that is no connection's, in the first two columns of the others and then as it likes. */
static void
print_other(const struct following *following, const json_t *event)
{
	const char *at = json_at_text(event, "at"), *type = json_at_text(event, "type");
	const struct terminal *terminal = &following->client->terminal;
	char bytes[2048], room[64], name[64], part[TIME_END - TIME_BEGIN + 1];
	struct text text, time, known;

	if (following->client->options.output != OUTPUT_WIDE && at != NULL && strlen(at) > TIME_END) {
		snprintf(part, sizeof(part), "%s", at + TIME_BEGIN);
		at = part;
	}
	text_init(&time, room, sizeof(room));
	terminal_add(&time, at == NULL ? "-" : at);
	text_init(&text, bytes, sizeof(bytes));
	text_addf(&text, "%s%s%s  ", terminal_ink(terminal, INK_DIM), room, terminal_no_ink(terminal, INK_DIM));
	size_t begin = text.length;
	text_init(&known, name, sizeof(name)); /* whatever it is called, the inks behind it have room */
	terminal_add(&known, type);
	text_add(&text, name);
	text_addf(&text, "%*s", begin + TYPE_WIDTH > text.length ? (int)(begin + TYPE_WIDTH - text.length) : 2, "");
	if (json_at(event, "missed") != NULL)
		text_addf(&text, "%s%lld events were missed, because they were not read in time%s",
		    terminal_ink(terminal, INK_YELLOW), (long long)json_at_number(event, "missed", 0),
		    terminal_no_ink(terminal, INK_YELLOW));
	else if (json_at(event, type) != NULL)
		add_what(&text, json_at(event, type));
	puts(bytes);
}

static void
show(struct following *following, const json_t *event)
{
	const struct client *client = following->client;

	if (following->columns == NULL)
		puts(following->line);
	else if (json_is_object(json_at(event, "conn"))) {
		conn_columns_add_event(following->columns, event);
		conn_columns_print(following->columns, stdout, &client->terminal, !client->options.no_header);
	} else {
		print_other(following, event);
	}
}

/* False: that is enough. */
static bool
take_line(struct following *following)
{
	json_t *event;
	const char *cursor;

	following->line[following->length] = '\0';
	if (following->too_long)
		client_say("an event was left out: it is longer than %d bytes", EVENT_MAX - 1);
	event = following->too_long || following->length == 0 ? NULL : json_loads(following->line, 0, NULL);
	following->length = 0;
	following->too_long = false;
	if (json_at_text(event, "type") == NULL) { /* a heartbeat */
		json_decref(event);
		return true;
	}
	cursor = json_at_text(event, "cursor");
	if (cursor != NULL && strlen(cursor) < sizeof(following->cursor))
		strcpy(following->cursor, cursor);
	following->came = true;
	show(following, event);
	json_decref(event);
	return !following->ends_by_itself || --following->left > 0;
}

static bool
take(void *context, const char *bytes, size_t count)
{
	struct following *following = context;
	bool more = true;

	following->heard = true;
	for (size_t i = 0; i < count && more; i++) {
		if (bytes[i] == '\n')
			more = take_line(following);
		else if (following->length + 1 < sizeof(following->line))
			following->line[following->length++] = bytes[i];
		else
			following->too_long = true;
	}
	following->output_is_gone = !client_flush(&following->lost_status);
	return more && !following->output_is_gone;
}

static void
set_target(struct following *following)
{
	const struct client_options *options = &following->client->options;
	struct target *target = &following->target;

	target_init(target, "/events");
	target_add(target, "filter", options->operand);
	target_add(target, "types", options->types);
	target_add(target, "interval", options->interval);
	target_add(target, "fields", options->fields);
	target_add(target, "since", following->cursor);
}

/* A signal ends it at once. */
static void
wait_ms(int64_t ms)
{
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	if (!client_must_stop())
		nanosleep(&pause, NULL);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What can pass: nobody there, an answer that broke off, too many followers, a daemon that stops. */
static bool
may_pass(enum http_result result, int status)
{
	return result != HTTP_ANSWERED || status / 100 == 2 || status == 429 || status == 503;
}

/* The daemon cannot go on from there: what happened meanwhile nobody can tell. */
static bool
begins_anew(struct following *following, enum http_result result, int status)
{
	if (result != HTTP_ANSWERED || status != 410 || following->cursor[0] == '\0' || !following->came)
		return false;
	client_say("some events are lost: the daemon was started anew, or keeps them no more; following from now on");
	following->cursor[0] = '\0';
	return true;
}

/* Asks again and again.  The first time it must work. */
static int
follow(struct following *following)
{
	struct client *client = following->client;
	int64_t pause_ms = PAUSE_LEAST_MS, cut_off_ms = 0, retry_ms = client->options.retry_ns / NS_PER_MS;
	bool ever = false;

	for (;;) {
		const struct http_ask question = {
			.method = "GET",
			.target = following->target.bytes,
			.accept = "application/x-ndjson",
			.take = take,
			.taker = following,
			.silence_ms = SILENCE_MS,
		};
		struct http_answer answer;

		set_target(following);
		following->heard = false;
		following->length = 0;
		following->too_long = false;
		enum http_result result = http_client_ask(client->http, &question, &answer);
		if (result == HTTP_ENOUGH) {
			http_answer_fini(&answer);
			return following->output_is_gone ? following->lost_status : EXIT_FINE;
		}
		if (following->heard || answer.status / 100 == 2) {
			ever = true;
			pause_ms = PAUSE_LEAST_MS;
			cut_off_ms = now_ms();
		}
		if (begins_anew(following, result, answer.status)) {
			http_answer_fini(&answer);
			continue;
		}
		if (!ever || !may_pass(result, answer.status) || now_ms() - cut_off_ms >= retry_ms) {
			int status = result == HTTP_ANSWERED && answer.status / 100 == 2
					 ? (client_say("the daemon ended it"), EXIT_UNREACHABLE)
					 : ask_complain(client, result, &answer);

			http_answer_fini(&answer);
			return status;
		}
		if (answer.retry_after_s > 0 && answer.retry_after_s * INT64_C(1000) > pause_ms)
			pause_ms = answer.retry_after_s * INT64_C(1000);
		http_answer_fini(&answer);
		if (pause_ms > PAUSE_MOST_MS)
			pause_ms = PAUSE_MOST_MS;
		wait_ms(pause_ms);
		pause_ms *= 2;
		if (client_must_stop())
			return EXIT_FINE;
	}
}

int
cmd_events(struct client *client)
{
	static struct following following; /* too large for a stack */
	const struct client_options *options = &client->options;
	int status;

	following.client = client;
	following.left = options->limit;
	following.ends_by_itself = options->limit > 0;
	if (options->since != NULL)
		snprintf(following.cursor, sizeof(following.cursor), "%s", options->since);
	if (options->output != OUTPUT_JSON)
		following.columns = conn_columns_new(options->output, options->fields, true);
	client_heed_signals(client);
	status = follow(&following);
	if (following.columns != NULL)
		conn_columns_free(following.columns);
	return status;
}
