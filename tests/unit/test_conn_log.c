/* SPDX-License-Identifier: MIT */
#include "export/conn_log.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "support/stderr_pipe.h"
#include "support/suite.h"

enum { WORKERS = 2, HISTORY = 64, PATIENCE_MS = 5000 };

static struct settings settings;
static struct track track;
static struct conn_log *conn_log;

static void
setup(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	memset(&settings, 0, sizeof(settings));
	settings.workers = WORKERS;
	settings.history = HISTORY;
	settings.pair_count = 1;
	ck_assert_int_eq(track_init(&track, &settings, 16), 0);
	stderr_pipe_open();
}

static void
teardown(void)
{
	stderr_pipe_close();
	track_fini(&track);
}

/* What a worker does in the life of a connection, in its order. */
static void
live_and_close_as(int worker, enum record_kind kind)
{
	uint32_t slot;

	ck_assert(table_reserve(track.table));
	struct record *record = table_claim(track.table, worker, &slot);
	record->state = CONN_CLOSED;
	record->kind = (uint8_t)kind;
	record->opened_at_us = clock_wall_us();
	record->opened_ns = clock_now();
	record->closed_ns = record->opened_ns + 1;
	record->close.reason = WHY_CLIENT_FIN;
	record->close.initiator = BY_CLIENT;
	record->close.how = HOW_FIN;
	struct event event = { .id = record->id, .type = EVENT_CLOSE, .reason = WHY_CLIENT_FIN, .kind = record->kind };
	event.history_number = history_append(track.history, table_commit(track.table, worker, slot));
	bus_publish(track.bus, worker, &event);
	table_release(track.table, worker, slot);
}

static void
live_and_close(int worker)
{
	live_and_close_as(worker, KIND_PROXY);
}

static void
live_and_close_many(int count)
{
	for (int i = 0; i < count; i++)
		live_and_close(i % WORKERS);
}

/* As the lines themselves say. */
static uint64_t
count_missed(void)
{
	return stderr_pipe_sum("conn-log: ");
}

START_TEST(each_closed_connection_is_one_line)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close(0);
	while (stderr_pipe_count("\n") < 1)
		ck_assert(stderr_pipe_read(PATIENCE_MS));
	live_and_close(1);
	live_and_close(1);
	while (stderr_pipe_count("\n") < 3)
		ck_assert(stderr_pipe_read(PATIENCE_MS));
	ck_assert_uint_eq(stderr_pipe_count(" client_fin "), 3);
	ck_assert_uint_eq(conn_log_missed(conn_log), 0);
	conn_log_stop(conn_log);
}
END_TEST

START_TEST(as_json_each_line_is_a_whole_record)
{
	settings.log_conns = LOG_CONNS_JSON;
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(10);
	conn_log_stop(conn_log);
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("\n"), 10);
	for (char *line = stderr_pipe.seen, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		json_t *record = json_loadb(line, (size_t)(end - line), 0, NULL);
		ck_assert_ptr_nonnull(record);
		ck_assert_str_eq(
		    json_string_value(json_object_get(json_object_get(record, "close"), "reason")), "client_fin");
		json_decref(record);
	}
}
END_TEST

/* A record that a pipe does not take at once is written in pieces; the log's own lines wait until it is whole. */
START_TEST(no_other_line_comes_between_the_pieces_of_a_record)
{
	enum { RECORDS = 40 };
	int records = 0, lines = 0;

	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	memset(settings.listeners[0].name, 1, sizeof(settings.listeners[0].name) - 1);
	settings.log_conns = LOG_CONNS_JSON;
	ck_assert_int_eq(log_start(), 0);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	for (int i = 0; i < RECORDS; i++) {
		live_and_close(i % WORKERS);
		log_notice("a line of the log");
		stderr_pipe_read(i % 4);
	}
	while (stderr_pipe_count("\n") < 2 * RECORDS)
		ck_assert(stderr_pipe_read(PATIENCE_MS));
	for (char *line = stderr_pipe.seen, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		json_t *record = json_loadb(line, (size_t)(end - line), 0, NULL);
		ck_assert(record == NULL || end - line > PIPE_BUF);
		ck_assert_msg(record != NULL || strncmp(end - 17, "a line of the log", 17) == 0, "%.80s", line);
		ck_assert(record != NULL || end - line < 100);
		records += record != NULL;
		lines += record == NULL;
		json_decref(record);
	}
	ck_assert_int_eq(records, RECORDS);
	ck_assert_int_eq(lines, RECORDS);
	conn_log_stop(conn_log);
	log_stop();
}
END_TEST

START_TEST(probes_have_no_line_and_none_is_missed)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	for (int i = 0; i < 3 * HISTORY_PROBES; i++)
		live_and_close_as(i % WORKERS, KIND_PROBE);
	live_and_close(1);
	while (stderr_pipe_count("\n") < 1)
		ck_assert(stderr_pipe_read(PATIENCE_MS));
	ck_assert_uint_eq(conn_log_missed(conn_log), 0);
	conn_log_stop(conn_log);
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("\n"), 1);
	ck_assert_uint_eq(stderr_pipe_count("probe"), 0);
}
END_TEST

START_TEST(probes_have_lines_on_demand)
{
	static const struct {
		enum log_conns form;
		const char *kind;
	} forms[] = { { LOG_CONNS_TEXT, ", probe\n" }, { LOG_CONNS_JSON, "\"kind\":\"probe\"" } };

	settings.log_probes = true;
	settings.log_conns = forms[_i].form;
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	for (int i = 0; i < 12; i++)
		live_and_close_as(i % WORKERS, i % 3 == 0 ? KIND_PROXY : KIND_PROBE);
	conn_log_stop(conn_log);
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("\n"), 12);
	ck_assert_uint_eq(stderr_pipe_count(forms[_i].kind), 8);
	ck_assert_uint_eq(count_missed(), 0);
}
END_TEST

START_TEST(with_a_filter_those_that_match_have_lines)
{
	settings.log_probes = true;
	strcpy(settings.log_filter, "worker == 1 and kind != probe");
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	for (int i = 0; i < 12; i++)
		live_and_close_as(i % WORKERS, i % 3 == 0 ? KIND_PROXY : KIND_PROBE);
	conn_log_stop(conn_log);
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count(" client_fin "), 2);
	ck_assert_uint_eq(stderr_pipe_count("\n"), 2);
}
END_TEST

START_TEST(a_filter_is_checked_before_anything_is_opened)
{
	char bytes[512];
	struct text error;

	text_init(&error, bytes, sizeof(bytes));
	ck_assert(conn_log_check(&settings, &error));
	strcpy(settings.log_filter, "age > 1h");
	ck_assert(conn_log_check(&settings, &error));
	ck_assert_str_eq(bytes, "");
	strcpy(settings.log_filter, "age > 1h or claen");
	ck_assert(!conn_log_check(&settings, &error));
	ck_assert_str_eq(bytes, "--log-filter: No field is called claen; did you mean clean?\n"
				"age > 1h or claen\n"
				"            ^~~~~");
}
END_TEST

START_TEST(a_stop_writes_what_was_published_before_it)
{
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(HISTORY);
	conn_log_stop(conn_log);
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count(" client_fin "), HISTORY);
	ck_assert_uint_eq(count_missed(), 0);
}
END_TEST

START_TEST(who_closed_before_the_start_has_no_line)
{
	live_and_close(0);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	conn_log_stop(conn_log);
	ck_assert(!stderr_pipe_read(0));
}
END_TEST

/* `closed` connections, more than a pipe of one page and the history hold. */
static void
check_full_pipe(uint64_t closed)
{
	while (stderr_pipe_count(" client_fin ") + count_missed() < closed)
		ck_assert(stderr_pipe_read(PATIENCE_MS));
	ck_assert_uint_eq(stderr_pipe_count(" client_fin ") + count_missed(), closed);
	ck_assert_uint_gt(count_missed(), closed / 2);
	ck_assert_uint_eq(conn_log_missed(conn_log), count_missed());
}

START_TEST(a_full_pipe_costs_lines_and_says_how_many)
{
	enum { CLOSED = 1000 };

	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	/* This thread is the worker: were it made to wait, nobody would read below. */
	live_and_close_many(CLOSED);
	check_full_pipe(CLOSED);
	conn_log_stop(conn_log);
}
END_TEST

START_TEST(what_is_missed_is_counted_over_all_kinds_that_are_logged)
{
	enum { CLOSED = 1000, PROBES = 6 * HISTORY_PROBES };

	settings.log_probes = _i == 1;
	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(conn_log_start(&conn_log, &track), 0);
	live_and_close_many(CLOSED / 2);
	for (int i = 0; i < PROBES; i++)
		live_and_close_as(i % WORKERS, KIND_PROBE);
	live_and_close_many(CLOSED / 2);
	check_full_pipe(settings.log_probes ? CLOSED + PROBES : CLOSED);
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
	stderr_pipe_leave();
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
	tcase_add_test(tcase, no_other_line_comes_between_the_pieces_of_a_record);
	tcase_add_test(tcase, probes_have_no_line_and_none_is_missed);
	tcase_add_loop_test(tcase, probes_have_lines_on_demand, 0, 2);
	tcase_add_test(tcase, with_a_filter_those_that_match_have_lines);
	tcase_add_test(tcase, a_filter_is_checked_before_anything_is_opened);
	tcase_add_test(tcase, a_stop_writes_what_was_published_before_it);
	tcase_add_test(tcase, who_closed_before_the_start_has_no_line);
	tcase_add_test(tcase, a_full_pipe_costs_lines_and_says_how_many);
	tcase_add_loop_test(tcase, what_is_missed_is_counted_over_all_kinds_that_are_logged, 0, 2);
	tcase_add_test(tcase, a_stuck_stderr_does_not_hold_up_the_stop);
	tcase_add_test(tcase, a_quiet_log_stops_at_once);
	tcase_add_test(tcase, a_reader_that_is_gone_only_costs_lines);
	tcase_add_test(tcase, off_starts_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
