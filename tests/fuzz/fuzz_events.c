/* SPDX-License-Identifier: MIT */
/* GET /events with an Accept header and a Last-Event-ID, the first two lines, and a query, the rest: whatever they are,
 * the answer is a problem, or events that can be read, from a place that there is. */
#include "api/event_stream.h"
#include "api/router.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { CONNS = 12, WORKERS = 2, ANSWER_MAX = 1 << 20 };

static struct settings settings = { .pair_count = 1, .workers = WORKERS, .history = 4 };
static struct track track;
static struct followers *followers;

static void
expect(bool promise)
{
	if (!promise)
		abort();
}

static void
wake(void *connection)
{
	(void)connection;
}

static void
publish(int worker, const struct record *record, enum event_type type, uint64_t number)
{
	struct event event = {
		.id = record->id,
		.revision = record->revision,
		.at_us = clock_wall_us(),
		.history_number = number,
		.type = (uint8_t)type,
		.kind = record->kind,
	};

	bus_publish(track.bus, worker, &event);
}

/* Some stay open, and of some no record is left. */
static void
live(int number)
{
	int worker = number % WORKERS;
	uint32_t slot;

	expect(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &slot);
	record->state = CONN_ESTABLISHED;
	record->opened_ns = record->last_payload_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	publish(worker, &table_commit(track.table, worker, slot)->record, EVENT_OPEN, 0);
	if (number % 3 == 0)
		return;
	record = table_edit(track.table, worker, slot);
	record->state = CONN_CLOSED;
	record->closed_ns = clock_now();
	record->close.reason = (uint8_t)(WHY_NONE + 1 + number);
	record->kind = (uint8_t)(number % KIND_COUNT);
	const union record_words *closed = table_commit(track.table, worker, slot);
	publish(worker, &closed->record, EVENT_CLOSE, history_append(track.history, closed));
	table_release(track.table, worker, slot);
}

static void
prepare(void)
{
	strcpy(settings.listeners[0].name, "8080\x1b[2J\xff");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	expect(track_init(&track, &settings, CONNS) == 0);
	track.boot = 0x1234; /* so that the seeds' cursors are from here */
	for (int i = 0; i < CONNS; i++)
		live(i);
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	followers = followers_new(&track, 2, wake);
	expect(followers != NULL);
}

static void
check_json(const char *bytes, size_t length)
{
	json_t *document = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
	const char *cursor = json_string_value(json_object_get(document, "cursor"));
	struct event_feed feed;
	struct cursor place;

	expect(json_is_object(document));
	if (cursor != NULL)
		expect(cursor_parse(&place, cursor) && event_feed_resume(&feed, &track, &place) == FEED_RESUMED);
	json_decref(document);
}

static void
check_line(bool ndjson, const char *line, size_t length)
{
	static const char *const beginnings[] = { "id: ", "event: ", ": ", "retry: " };
	bool known = length == 0;

	if (ndjson && length > 0)
		check_json(line, length);
	if (ndjson)
		return;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		known = known || strncmp(line, beginnings[i], strlen(beginnings[i])) == 0;
	if (!known) {
		expect(length > 6 && strncmp(line, "data: ", 6) == 0);
		check_json(line + 6, length - 6);
	}
}

static void
check_stream(struct reply *reply)
{
	static char answer[ANSWER_MAX];
	bool ndjson = strcmp(reply->type, "application/x-ndjson") == 0;
	size_t length = 0, filled;

	while ((filled = reply->fill(reply->source, answer + length, 4000)) != REPLY_SLEEPS) {
		expect(filled != 0);
		length += filled == REPLY_YIELDS ? 0 : filled;
		expect(length < ANSWER_MAX - 4000);
	}
	expect(length > 0 && answer[length - 1] == '\n');
	for (const char *at = answer, *end; at < answer + length; at = end + 1) {
		end = memchr(at, '\n', (size_t)(answer + length - at));
		check_line(ndjson, at, (size_t)(end - at));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct request request = { .track = &track };
	struct reply reply = { 0 };
	char *text = strndup((const char *)bytes, size), *query = text, target[8192];
	char *accept = strsep(&query, "\n"), *last = strsep(&query, "\n");

	if (track.table == NULL)
		prepare();
	request.followers = followers;
	request.accept = *accept == '\0' ? NULL : accept;
	request.last_event_id = last;
	snprintf(target, sizeof(target), "/events?%s", query == NULL ? "" : query);
	router_answer(&request, "GET", target, &reply);
	expect(reply.status == 200 || reply.status == 400 || reply.status == 406 || reply.status == 410);
	if (reply.status == 200)
		check_stream(&reply);
	else
		check_json(reply.body, reply.length);
	reply_fini(&reply);
	free(text);
	expect(followers_totals(followers)->now == 0);
	return 0;
}
