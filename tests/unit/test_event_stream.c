/* SPDX-License-Identifier: MIT */
/* What a follower is told, on a clock that stands still. */
#include "api/event_stream.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/reply.h"
#include "base/clock.h"
#include "support/fake_clock.h"
#include "support/suite.h"
#include "track/track.h"

enum { CONNS = 9000, HISTORY = 16, SOCKETS = 1 };

static struct settings settings;
static struct track track;
static struct followers *followers;
static struct event_stream *stream;
static char said[1 << 20]; /* by the last call of `say`, all of it */
static json_t *event;

static void
wake(void *connection)
{
	(void)connection;
}

static void
wish_for_all(void)
{
	struct event_wish *wish = event_stream_wish(stream);

	wish->names = ~0u;
	wish->is_short = true;
	wish->format = EVENTS_NDJSON;
	wish->selection.state = wish->selection.kind = -1;
}

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	fake_clock_start();
	settings.workers = 2;
	settings.history = HISTORY;
	settings.pair_count = 1;
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db");
	settings.upstreams[0].target_count = 1;
	strcpy(settings.upstreams[0].targets[0].name, "db:80");
	strcpy(settings.upstreams[0].targets[0].host, "db");
	ck_assert_int_eq(track_init(&track, &settings, CONNS), 0);
	followers = followers_new(&track, 1, wake);
	ck_assert_ptr_nonnull(followers);
	stream = event_stream_new(followers);
	wish_for_all();
}

static void
teardown(void)
{
	json_decref(event);
	event = NULL;
	event_stream_free(stream);
	followers_close(followers);
	followers_free(followers);
	track_fini(&track);
}

/* From here on. */
static void
follow(void)
{
	int error;

	event_feed_begin(&event_stream_wish(stream)->feed, &track);
	ck_assert(event_stream_join(stream, &error));
}

static void
select_only(const char *filter)
{
	struct selection *selection = &event_stream_wish(stream)->selection;
	struct filter_fault fault;

	selection->filters[selection->count++] = filter_new(filter, &fault);
	ck_assert_ptr_nonnull(selection->filters[0]);
}

/* All that it has to say in pieces of `size`.  REPLY_SLEEPS, or 0 at its end. */
static size_t
say_in_pieces(size_t size)
{
	size_t length = 0, filled;

	for (;;) {
		ck_assert_uint_lt(length + size, sizeof(said));
		filled = event_stream_fill(stream, said + length, size);
		if (filled == 0 || filled == REPLY_SLEEPS)
			break;
		length += filled == REPLY_YIELDS ? 0 : filled;
	}
	said[length] = '\0';
	return filled;
}

static const char *
say(void)
{
	ck_assert_uint_eq(say_in_pieces(32768), REPLY_SLEEPS);
	return said;
}

/* The only event that it has to tell now. */
static json_t *
say_one(const char *type)
{
	const char *text = say();

	while (*text == '\n')
		text++;
	json_decref(event);
	event = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(event != NULL, "%s", said);
	ck_assert_str_eq(json_string_value(json_object_get(event, "type")), type);
	return event;
}

/* Types in order, with blanks between them. */
static const char *
types_said(void)
{
	static char types[4096];
	char *line = (char *)say(), *end;

	types[0] = '\0';
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (*line == '\0')
			continue;
		json_t *it = json_loads(line, 0, NULL);
		ck_assert_msg(it != NULL, "%s", line);
		if (types[0] != '\0')
			strcat(types, " ");
		strcat(types, json_string_value(json_object_get(it, "type")));
		json_decref(it);
	}
	return types;
}

struct conn {
	int worker;
	uint32_t slot;
	uint64_t id, revision;
};

static void
publish(const struct conn *conn, enum event_type type, enum record_kind kind, uint64_t history_number)
{
	struct event it = {
		.id = conn->id,
		.revision = conn->revision,
		.at_us = clock_wall_us(),
		.history_number = history_number,
		.type = (uint8_t)type,
		.kind = (uint8_t)kind,
	};

	bus_publish(track.bus, conn->worker, &it);
}

static struct conn
open_one(int worker)
{
	struct conn conn = { .worker = worker };

	ck_assert(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &conn.slot);
	record->state = CONN_ESTABLISHED;
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	conn.id = record->id;
	conn.revision = table_commit(track.table, worker, conn.slot)->record.revision;
	publish(&conn, EVENT_OPEN, KIND_PROXY, 0);
	return conn;
}

static void
move(const struct conn *conn)
{
	table_edit(track.table, conn->worker, conn->slot)->last_payload_ns = clock_now();
	table_commit(track.table, conn->worker, conn->slot);
}

static void
close_as(struct conn *conn, enum record_kind kind)
{
	struct record *record = table_edit(track.table, conn->worker, conn->slot);

	record->state = CONN_CLOSED;
	record->kind = (uint8_t)kind;
	record->closed_ns = clock_now();
	record->close.reason = WHY_CLIENT_FIN;
	const union record_words *closed = table_commit(track.table, conn->worker, conn->slot);
	conn->revision = closed->record.revision;
	publish(conn, kind == KIND_REJECTED ? EVENT_DENIED : EVENT_CLOSE, kind, history_append(track.history, closed));
	table_release(track.table, conn->worker, conn->slot);
}

static json_int_t
revision_said(void)
{
	return json_integer_value(json_object_get(json_object_get(event, "conn"), "revision"));
}

static const char *
state_said(void)
{
	return json_string_value(json_object_get(json_object_get(event, "conn"), "state"));
}

START_TEST(each_form_has_the_same_event)
{
	char place[64], expected[256];

	snprintf(place, sizeof(place), "e%llx.1.0.0", (unsigned long long)track.boot);
	follow();
	ck_assert_str_eq(say(), "\n");
	open_one(0);
	ck_assert_str_eq(json_string_value(json_object_get(say_one("open"), "cursor")), place);
	ck_assert_str_eq(json_string_value(json_object_get(event, "at")), "2026-09-21T14:13:20.000000Z");
	ck_assert_str_eq(state_said(), "established");
	event_stream_wish(stream)->format = EVENTS_SSE;
	event_feed_begin(&event_stream_wish(stream)->feed, &track);
	event_stream_wish(stream)->feed.places[0] = 0;
	say();
	snprintf(expected, sizeof(expected),
	    "id: %s\nevent: open\ndata: {\"cursor\":\"%s\",\"type\":\"open\",\"at\":\"2026-09-21T14:13:20.000000Z\","
	    "\"conn\":{\"id\":\"",
	    place, place);
	ck_assert_int_eq(strncmp(said, expected, strlen(expected)), 0);
	ck_assert_str_eq(strstr(said, "\"close\":null}"), "\"close\":null}}\n\n");
}
END_TEST

START_TEST(server_sent_events_begin_with_a_place)
{
	char expected[128];

	event_stream_wish(stream)->format = EVENTS_SSE;
	follow();
	snprintf(expected, sizeof(expected), ": sockproxy\nretry: 1000\nid: e%llx.0.0.0\n\n",
	    (unsigned long long)track.boot);
	ck_assert_str_eq(say(), expected);
}
END_TEST

START_TEST(long_silence_is_broken_by_a_heartbeat)
{
	struct follower_news news = { .now_ns = 0 };
	const struct follower *follower = event_stream_follower(stream);
	char expected[128];

	event_stream_wish(stream)->format = EVENTS_SSE;
	follow();
	say();
	event_feed_look(&news.heads, &track);
	fake_clock_advance(HEARTBEAT_S * NS_PER_S - 1);
	news.now_ns = clock_now();
	ck_assert(!follower->is_due(follower, &news));
	ck_assert_str_eq(say(), "");
	fake_clock_advance(1);
	news.now_ns = clock_now();
	ck_assert(follower->is_due(follower, &news));
	snprintf(expected, sizeof(expected), ": hb\nid: e%llx.0.0.0\n\n", (unsigned long long)track.boot);
	ck_assert_str_eq(say(), expected);
	ck_assert_str_eq(say(), "");
	event_stream_wish(stream)->format = EVENTS_NDJSON;
	fake_clock_advance(HEARTBEAT_S * NS_PER_S);
	ck_assert_str_eq(say(), "\n");
}
END_TEST

/* What a filter leaves out moves its place all the same, or it would be too old in the end. */
START_TEST(a_heartbeat_tells_how_far_it_came)
{
	char expected[128];

	event_stream_wish(stream)->format = EVENTS_SSE;
	select_only("listener == other");
	follow();
	say();
	open_one(0);
	open_one(1);
	open_one(1);
	ck_assert_str_eq(say(), "");
	fake_clock_advance(HEARTBEAT_S * NS_PER_S);
	snprintf(expected, sizeof(expected), ": hb\nid: e%llx.1.2.0\n\n", (unsigned long long)track.boot);
	ck_assert_str_eq(say(), expected);
}
END_TEST

START_TEST(a_client_that_may_be_gone_is_tried_more_often)
{
	follow();
	say();
	atomic_store(&event_stream_follower(stream)->gone, true);
	ck_assert_str_eq(say(), "");
	fake_clock_advance(NS_PER_S);
	ck_assert_str_eq(say(), "\n");
	ck_assert_str_eq(say(), "");
}
END_TEST

START_TEST(only_the_types_that_are_asked_for_come)
{
	struct conn conn;

	event_stream_wish(stream)->names = 1u << EVENT_CLOSE | 1u << EVENT_DENIED;
	follow();
	conn = open_one(0);
	close_as(&conn, KIND_PROBE);
	conn = open_one(0);
	close_as(&conn, KIND_REJECTED);
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	ck_assert_str_eq(types_said(), "close denied");
}
END_TEST

START_TEST(a_filter_sees_the_record)
{
	struct conn conn;

	select_only("kind == probe");
	follow();
	open_one(0);
	conn = open_one(1);
	say();
	close_as(&conn, KIND_PROBE);
	say_one("close");
}
END_TEST

START_TEST(a_slot_that_is_free_again_still_has_the_record)
{
	struct conn conn;

	event_stream_wish(stream)->names = 1u << EVENT_OPEN;
	follow();
	conn = open_one(0);
	close_as(&conn, KIND_PROXY);
	say_one("open");
	ck_assert_str_eq(state_said(), "closed");
	ck_assert_int_eq(revision_said(), (json_int_t)conn.revision);
}
END_TEST

START_TEST(a_record_whose_slot_is_taken_is_found_by_its_end)
{
	struct conn conn, next;

	event_stream_wish(stream)->names = 1u << EVENT_OPEN;
	follow();
	conn = open_one(0);
	for (int i = 0; i < HISTORY - 1; i++) {
		close_as(&conn, KIND_PROXY);
		next = open_one(0);
		ck_assert_uint_eq(next.slot, conn.slot);
		conn = next;
	}
	say();
	ck_assert_ptr_null(strstr(said, "lost"));
	ck_assert_ptr_nonnull(strstr(said, "\"state\":\"closed\""));
	ck_assert_ptr_nonnull(strstr(said, "\"state\":\"established\""));
}
END_TEST

START_TEST(an_event_whose_record_is_gone_counts_as_missed)
{
	struct conn conn;

	event_stream_wish(stream)->names = 1u << EVENT_OPEN | 1u << EVENT_CLOSE;
	follow();
	for (int i = 0; i < 2 * HISTORY; i++) {
		conn = open_one(0);
		close_as(&conn, KIND_PROXY);
	}
	say();
	/* Both events of each that the history keeps no more, told together, and before those that are known: their
	 * cursors are behind the loss. */
	ck_assert_ptr_nonnull(strstr(said, "\"missed\":32}\n"));
	ck_assert_ptr_null(strstr(strstr(said, "\"type\":\"lost\"") + 1, "\"type\":\"lost\""));
	ck_assert_ptr_nonnull(strstr(strstr(said, "\"type\":\"lost\""), "\"type\":\"open\""));
	ck_assert_uint_eq(followers_totals(followers)->missed, 32);
	ck_assert_uint_eq(followers_totals(followers)->cut, 0);
}
END_TEST

/* More than the ring holds. */
static void
flood(void)
{
	struct conn conn = { .id = 1 };

	for (int i = 0; i <= BUS_CAPACITY; i++)
		publish(&conn, EVENT_HALF_CLOSE, KIND_PROXY, 0);
}

START_TEST(one_that_is_overtaken_is_told_and_goes_on)
{
	char piece[65536];

	event_stream_wish(stream)->names = 1u << EVENT_OPEN;
	follow();
	ck_assert_uint_eq(event_stream_fill(stream, piece, sizeof(piece)), 1);
	for (int i = 0; i < 2 * LOST_IN_A_ROW_MAX; i++) {
		flood();
		say_one("lost");
		ck_assert_int_gt(json_integer_value(json_object_get(event, "missed")), BUS_CAPACITY / 4);
	}
	ck_assert_uint_eq(followers_totals(followers)->cut, 0);
	open_one(0);
	say_one("open");
}
END_TEST

START_TEST(one_that_never_catches_up_is_cut)
{
	char piece[65536];
	size_t filled;
	int lost = 0;

	event_stream_wish(stream)->names = 1u << EVENT_OPEN;
	follow();
	ck_assert_uint_eq(event_stream_fill(stream, piece, sizeof(piece)), 1);
	/* It takes some bytes now and then, and is overtaken meanwhile. */
	do {
		flood();
		filled = event_stream_fill(stream, piece, 16);
		ck_assert_uint_ne(filled, REPLY_SLEEPS);
		for (size_t i = 0; filled != REPLY_YIELDS && i < filled; i++)
			lost += piece[i] == '\n';
	} while (filled != 0);
	ck_assert_int_eq(lost, LOST_IN_A_ROW_MAX);
	ck_assert_uint_eq(followers_totals(followers)->cut, 1);
	ck_assert_uint_eq(event_stream_fill(stream, piece, 16), 0);
}
END_TEST

START_TEST(nothing_is_said_differently_in_small_pieces)
{
	char *whole;
	struct conn conn;

	follow();
	conn = open_one(0);
	open_one(1);
	close_as(&conn, KIND_PROXY);
	ck_assert_uint_eq(say_in_pieces(32768), REPLY_SLEEPS);
	whole = strdup(said);
	event_stream_free(stream);
	stream = event_stream_new(followers);
	wish_for_all();
	follow();
	memset(event_stream_wish(stream)->feed.places, 0, sizeof(event_stream_wish(stream)->feed.places));
	ck_assert_uint_eq(say_in_pieces(1), REPLY_SLEEPS);
	ck_assert_str_eq(said, whole);
	free(whole);
}
END_TEST

START_TEST(an_interval_tells_what_has_moved)
{
	struct conn quiet, busy;

	event_stream_wish(stream)->interval_ns = NS_PER_S;
	event_stream_wish(stream)->names = 1u << EVENT_CLOSE;
	quiet = open_one(0);
	move(&quiet);
	busy = open_one(1);
	fake_clock_advance(NS_PER_S);
	follow();
	ck_assert_str_eq(say(), "\n");
	fake_clock_advance(NS_PER_S / 2);
	move(&busy);
	ck_assert_str_eq(types_said(), "");
	fake_clock_advance(NS_PER_S / 2);
	say_one("update");
	ck_assert_str_eq(types_said(), "");
	fake_clock_advance(NS_PER_S);
	ck_assert_str_eq(types_said(), "");
	move(&busy);
	move(&quiet);
	fake_clock_advance(5 * NS_PER_S); /* rounds that nobody asked for are left out */
	ck_assert_str_eq(types_said(), "update update");
	ck_assert_str_eq(types_said(), "");
}
END_TEST

START_TEST(a_large_table_is_walked_in_turns)
{
	static char piece[32768];
	struct conn last = { .id = 0 };
	size_t filled;
	int turns = 0;

	event_stream_wish(stream)->interval_ns = NS_PER_S;
	event_stream_wish(stream)->names = 1u << EVENT_CLOSE;
	for (int i = 0; i < CONNS; i++) {
		ck_assert(table_reserve(track.table));
		table_claim(track.table, 0, &last.slot)->state = CONN_ESTABLISHED;
		table_commit(track.table, 0, last.slot);
	}
	fake_clock_advance(NS_PER_S);
	follow();
	say();
	move(&last);
	fake_clock_advance(NS_PER_S);
	while ((filled = event_stream_fill(stream, piece, sizeof(piece))) == REPLY_YIELDS)
		turns++;
	ck_assert_int_le(turns, 8);
	ck_assert_uint_lt(filled, sizeof(piece));
	ck_assert_ptr_nonnull(memmem(piece, filled, "\"update\"", 8));
}
END_TEST

/* Whatever a filter costs, others have to wait for one run of it: here it takes a millisecond. */
START_TEST(a_filter_that_takes_long_is_run_in_turns)
{
	char piece[4096];
	size_t filled;
	int turns = 0;

	select_only("state == connecting");
	if (_i == 1)
		event_stream_wish(stream)->interval_ns = NS_PER_S;
	follow();
	say();
	for (int i = 0; i < 100; i++) {
		struct conn conn = open_one(i % 2);

		fake_clock_advance(_i * NS_PER_S / 100);
		move(&conn);
	}
	if (_i == 1) {
		event_feed_begin(&event_stream_wish(stream)->feed, &track);
		fake_clock_advance(NS_PER_S);
	}
	fake_clock_tick(NS_PER_MS);
	while ((filled = event_stream_fill(stream, piece, sizeof(piece))) == REPLY_YIELDS)
		turns++;
	ck_assert_uint_eq(filled, REPLY_SLEEPS);
	ck_assert_int_ge(turns, 100);
}
END_TEST

START_TEST(what_is_no_connection_is_told_as_it_stands)
{
	struct draining_facts draining = { .state = DRAINING_ON_ORDER, .since_us = 1, .since_ns = 1, .until_ns = 2 };
	struct addr bound, found;

	ck_assert(addr_parse(&bound, "127.0.0.1:8080") && addr_parse(&found, "192.0.2.7:80"));
	listeners_bound(track.listeners, 0, &bound, SOCKETS);
	follow();
	ck_assert_str_eq(say(), "\n");
	listeners_step(track.listeners, 0, STEP_LISTENING, 0);
	changes_look(track.changes);
	json_t *it = json_object_get(say_one("listener"), "listener");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "listening");
	draining_write(track.draining, &draining);
	changes_look(track.changes);
	it = json_object_get(say_one("drain"), "drain");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "drained");
	target_found(targets_life(track.targets, 0, 0), &found, 1);
	target_failed(targets_life(track.targets, 0, 0), "nobody knows");
	changes_look(track.changes);
	it = json_object_get(say_one("upstream"), "upstream");
	ck_assert_str_eq(json_string_value(json_object_get(it, "name")), "db");
	ck_assert_str_eq(json_string_value(json_object_get(it, "target")), "db:80");
	ck_assert_str_eq(json_string_value(json_object_get(it, "error")), "nobody knows");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(it, "addresses"), 0)), "192.0.2.7");
}
END_TEST

START_TEST(no_more_join_than_may)
{
	struct event_stream *other = event_stream_new(followers);
	int error;

	follow();
	event_feed_begin(&event_stream_wish(other)->feed, &track);
	ck_assert(!event_stream_join(other, &error));
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(followers_totals(followers)->refused, 1);
	event_stream_free(stream);
	stream = other;
	ck_assert(event_stream_join(stream, &error));
	ck_assert_int_eq(followers_totals(followers)->now, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event stream");
	TCase *tcase = tcase_create("event stream");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, each_form_has_the_same_event);
	tcase_add_test(tcase, server_sent_events_begin_with_a_place);
	tcase_add_test(tcase, long_silence_is_broken_by_a_heartbeat);
	tcase_add_test(tcase, a_heartbeat_tells_how_far_it_came);
	tcase_add_test(tcase, a_client_that_may_be_gone_is_tried_more_often);
	tcase_add_test(tcase, only_the_types_that_are_asked_for_come);
	tcase_add_test(tcase, a_filter_sees_the_record);
	tcase_add_test(tcase, a_slot_that_is_free_again_still_has_the_record);
	tcase_add_test(tcase, a_record_whose_slot_is_taken_is_found_by_its_end);
	tcase_add_test(tcase, an_event_whose_record_is_gone_counts_as_missed);
	tcase_add_test(tcase, one_that_is_overtaken_is_told_and_goes_on);
	tcase_add_test(tcase, one_that_never_catches_up_is_cut);
	tcase_add_test(tcase, nothing_is_said_differently_in_small_pieces);
	tcase_add_test(tcase, an_interval_tells_what_has_moved);
	tcase_add_test(tcase, a_large_table_is_walked_in_turns);
	tcase_add_loop_test(tcase, a_filter_that_takes_long_is_run_in_turns, 0, 2);
	tcase_add_test(tcase, what_is_no_connection_is_told_as_it_stands);
	tcase_add_test(tcase, no_more_join_than_may);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
