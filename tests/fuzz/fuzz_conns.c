/* SPDX-License-Identifier: MIT */
/* GET /conns with an Accept header, the first line, and a query, the rest: whatever they are, the answer is what its
 * type says: one document, a document a line, or lines for a terminal. */
#include "api/router.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { LIVE = 20, CLOSED = 10, ANSWER_MAX = 1 << 20 };

static struct settings settings = { .pair_count = 1, .workers = 1, .history = 16 };
static struct track track;

static void
expect(bool promise)
{
	if (!promise)
		abort();
}

static void
set_leg(struct record_leg *leg, const char *from, const char *to)
{
	struct addr source, destination;

	expect(addr_parse(&source, from) && addr_parse(&destination, to));
	flow_set(&leg->flow, &source, &destination);
}

static uint32_t
open_one(int number)
{
	uint32_t slot;

	expect(table_reserve(track.table));
	struct record *record = table_claim(track.table, 0, &slot);
	record->state = (uint8_t)(number % CONN_CLOSED);
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	record->bytes[LEG_CLIENT].received = (uint64_t)number * 1000;
	record->listener = record->upstream = 0;
	set_leg(
	    &record->legs[LEG_CLIENT], number % 2 == 0 ? "10.1.2.3:51234" : "[2001:db8::5]:51234", "127.0.0.1:8080");
	if (number % 3 != 0)
		set_leg(&record->legs[LEG_UPSTREAM], "127.0.0.1:40000", "127.0.0.1:5432");
	table_commit(track.table, 0, slot);
	return slot;
}

static void
close_one(uint32_t slot, int number)
{
	struct record *record = table_edit(track.table, 0, slot);

	record->state = CONN_CLOSED;
	record->closed_ns = clock_now();
	record->close.reason = (uint8_t)(WHY_NONE + 1 + number);
	record->kind = (uint8_t)(number % KIND_COUNT);
	history_append(track.history, table_commit(track.table, 0, slot));
	table_release(track.table, 0, slot);
}

static void
prepare(void)
{
	strcpy(settings.listeners[0].name, "8080\x1b[2J\xff");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	expect(track_init(&track, &settings, LIVE + CLOSED) == 0);
	for (int i = 0; i < LIVE; i++)
		open_one(i);
	for (int i = 0; i < CLOSED; i++)
		close_one(open_one(i), i);
}

static void
check_json(const char *bytes, size_t length)
{
	json_error_t error;
	json_t *document = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);

	expect(json_is_object(document));
	json_decref(document);
}

static void
check_lines(const char *at, const char *end)
{
	expect(at == end || end[-1] == '\n');
	while (at < end) {
		const char *line = at;

		at = memchr(at, '\n', (size_t)(end - at));
		check_json(line, (size_t)(at - line));
		at++;
	}
}

static void
check_table(const char *at, const char *end)
{
	expect(end > at && end[-1] == '\n');
	for (; at < end; at++)
		expect(*at == '\n' || (*at >= ' ' && *at <= '~'));
}

static void
check_stream(struct reply *reply)
{
	static char answer[ANSWER_MAX];
	size_t length = 0, filled;

	while ((filled = reply->fill(reply->source, answer + length, 4000)) > 0) {
		length += filled;
		expect(length < ANSWER_MAX - 4000);
	}
	if (strcmp(reply->type, "application/json") == 0)
		check_json(answer, length);
	else if (strcmp(reply->type, "application/x-ndjson") == 0)
		check_lines(answer, answer + length);
	else
		check_table(answer, answer + length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct request request = { .track = &track };
	struct reply reply = { 0 };
	char *text = strndup((const char *)bytes, size), *query = text, target[8192];
	char *accept = strsep(&query, "\n");

	if (track.table == NULL)
		prepare();
	request.accept = *accept == '\0' ? NULL : accept;
	snprintf(target, sizeof(target), "/conns?%s", query == NULL ? "" : query);
	router_answer(&request, "GET", target, &reply);
	expect(reply.status == 200 || reply.status == 400 || reply.status == 406 || reply.status == 410);
	if (reply.status == 200)
		check_stream(&reply);
	else
		check_json(reply.body, reply.length);
	reply_fini(&reply);
	free(text);
	return 0;
}
