/* SPDX-License-Identifier: MIT */
#include "export/conn_log.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/suite.h"

enum { WORKERS = 2, HISTORY = 64, PATIENCE_MS = 5000 };

static struct settings settings;
static struct track track;
static struct conn_log *conn_log;
static int reader, real_stderr;
static char seen[1 << 20];
static size_t seen_length;

static void
setup(void)
{
	sigset_t all;
	int ends[2];

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	memset(&settings, 0, sizeof(settings));
	settings.workers = WORKERS;
	settings.history = HISTORY;
	settings.pair_count = 1;
	ck_assert_int_eq(track_init(&track, &settings, 16), 0);
	ck_assert_int_eq(pipe(ends), 0);
	reader = ends[0];
	real_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	seen_length = 0;
	seen[0] = '\0';
}

static void
teardown(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	if (reader != -1)
		close(reader);
	track_fini(&track);
}

/* What a worker does in the life of a connection, in its order. */
static void
live_and_close(int worker)
{
	uint32_t slot;

	ck_assert(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &slot);
	record->state = CONN_CLOSED;
	record->opened_at_us = clock_wall_us();
	record->opened_ns = clock_now();
	record->closed_ns = record->opened_ns + 1;
	record->close.reason = WHY_CLIENT_FIN;
	record->close.initiator = BY_CLIENT;
	record->close.how = HOW_FIN;
	struct event event = { .id = record->id, .type = EVENT_CLOSE, .reason = WHY_CLIENT_FIN };
	event.history_number = history_append(track.history, table_commit(track.table, worker, slot));
	bus_publish(track.bus, worker, &event);
	table_release(track.table, worker, slot);
}

static void
live_and_close_many(int count)
{
	for (int i = 0; i < count; i++)
		live_and_close(i % WORKERS);
}

/* False: nothing more comes. */
static bool
read_more(int patience_ms)
{
	struct pollfd in = { .fd = reader, .events = POLLIN };

	if (poll(&in, 1, patience_ms) <= 0)
		return false;
	ssize_t got = read(reader, seen + seen_length, sizeof(seen) - 1 - seen_length);
	if (got <= 0)
		return false;
	seen_length += (size_t)got;
	seen[seen_length] = '\0';
	return true;
}

static uint64_t
count_lines(const char *with)
{
	uint64_t count = 0;

	for (const char *at = seen; (at = strstr(at, with)) != NULL; at += strlen(with))
		count++;
	return count;
}

/* As the lines themselves say. */
static uint64_t
count_missed(void)
{
	uint64_t sum = 0;

	for (const char *at = seen; (at = strstr(at, "conn-log: ")) != NULL; at++)
		sum += strtoull(at + strlen("conn-log: "), NULL, 10);
	return sum;
}

START_TEST(each_closed_connection_is_one_line)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close(0);
	while (count_lines("\n") < 1)
		ck_assert(read_more(PATIENCE_MS));
	live_and_close(1);
	live_and_close(1);
	while (count_lines("\n") < 3)
		ck_assert(read_more(PATIENCE_MS));
	ck_assert_uint_eq(count_lines(" client_fin "), 3);
	ck_assert_uint_eq(conn_log_missed(conn_log), 0);
	conn_log_stop(conn_log);
}
END_TEST

START_TEST(as_json_each_line_is_a_whole_record)
{
	settings.log_conns = LOG_CONNS_JSON;
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(20);
	conn_log_stop(conn_log);
	while (read_more(0))
		continue;
	ck_assert_uint_eq(count_lines("\n"), 20);
	for (char *line = seen, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		json_t *record = json_loadb(line, (size_t)(end - line), 0, NULL);
		ck_assert_ptr_nonnull(record);
		ck_assert_str_eq(
		    json_string_value(json_object_get(json_object_get(record, "close"), "reason")), "client_fin");
		json_decref(record);
	}
}
END_TEST

START_TEST(a_stop_writes_what_was_published_before_it)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(HISTORY);
	conn_log_stop(conn_log);
	while (read_more(0))
		continue;
	ck_assert_uint_eq(count_lines(" client_fin "), HISTORY);
	ck_assert_uint_eq(count_missed(), 0);
}
END_TEST

START_TEST(who_closed_before_the_start_has_no_line)
{
	live_and_close(0);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	conn_log_stop(conn_log);
	ck_assert(!read_more(0));
}
END_TEST

START_TEST(a_full_pipe_costs_lines_and_says_how_many)
{
	enum { CLOSED = 1000 };

	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	/* This thread is the worker: were it made to wait, nobody would read below. */
	live_and_close_many(CLOSED);
	while (count_lines(" client_fin ") + count_missed() < CLOSED)
		ck_assert(read_more(PATIENCE_MS));
	ck_assert_uint_eq(count_lines(" client_fin ") + count_missed(), CLOSED);
	ck_assert_uint_gt(count_missed(), CLOSED / 2);
	ck_assert_uint_eq(conn_log_missed(conn_log), count_missed());
	conn_log_stop(conn_log);
}
END_TEST

START_TEST(a_stuck_stderr_does_not_hold_up_the_stop)
{
	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(HISTORY);
	int64_t before = clock_now();
	conn_log_stop(conn_log);
	ck_assert_int_lt(clock_now() - before, 1900 * NS_PER_MS);
}
END_TEST

START_TEST(a_quiet_log_stops_at_once)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	int64_t before = clock_now();
	conn_log_stop(conn_log);
	ck_assert_int_lt(clock_now() - before, 500 * NS_PER_MS);
}
END_TEST

START_TEST(a_reader_that_is_gone_only_costs_lines)
{
	close(reader);
	reader = -1;
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close(0);
	for (int64_t end = clock_now() + 5 * NS_PER_S; conn_log_missed(conn_log) == 0;)
		ck_assert(clock_now() < end && poll(NULL, 0, 1) == 0);
	conn_log_stop(conn_log);
}
END_TEST

START_TEST(off_starts_nothing)
{
	settings.log_conns = LOG_CONNS_OFF;
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	ck_assert_ptr_null(conn_log);
	ck_assert_uint_eq(conn_log_missed(conn_log), 0);
	conn_log_stop(conn_log);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export/conn_log");
	TCase *tcase = tcase_create("follower");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_closed_connection_is_one_line);
	tcase_add_test(tcase, as_json_each_line_is_a_whole_record);
	tcase_add_test(tcase, a_stop_writes_what_was_published_before_it);
	tcase_add_test(tcase, who_closed_before_the_start_has_no_line);
	tcase_add_test(tcase, a_full_pipe_costs_lines_and_says_how_many);
	tcase_add_test(tcase, a_stuck_stderr_does_not_hold_up_the_stop);
	tcase_add_test(tcase, a_quiet_log_stops_at_once);
	tcase_add_test(tcase, a_reader_that_is_gone_only_costs_lines);
	tcase_add_test(tcase, off_starts_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
