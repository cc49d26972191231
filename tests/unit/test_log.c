/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include "base/clock.h"
#include "support/stderr_pipe.h"
#include "support/suite.h"

static void
setup(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	log_set_level(LEVEL_INFO);
	stderr_pipe_open();
}

START_TEST(a_line_says_when_how_bad_and_what)
{
	log_warning("listener %s: paused", "8080");
	ck_assert_uint_eq(
	    strlen(stderr_pipe_read_all()), strlen("2026-11-23T15:30:12.000042Z warning: listener 8080: paused\n"));
	ck_assert_str_eq(stderr_pipe.seen + strlen("2026-11-23T15:30:12.000042"), "Z warning: listener 8080: paused\n");
}
END_TEST

START_TEST(only_what_is_bad_enough_is_written)
{
	log_set_level((enum log_level)_i);
	for (int level = 0; level < LEVEL_COUNT; level++)
		log_line((enum log_level)level, "x");
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("\n"), (unsigned)_i + 1);
	ck_assert_ptr_nonnull(strstr(stderr_pipe.seen, log_level_texts[_i]));
}
END_TEST

START_TEST(a_message_is_one_line_and_steers_no_terminal)
{
	log_info("%s", "a\nb\033[2Jc");
	ck_assert_ptr_nonnull(strstr(stderr_pipe_read_all(), " info: a?b?[2Jc\n"));
}
END_TEST

START_TEST(a_long_line_is_cut_and_still_ends)
{
	char name[2000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	log_info("%s", name);
	ck_assert_uint_lt(strlen(stderr_pipe_read_all()), 513);
	ck_assert_uint_gt(stderr_pipe.length, 490);
	ck_assert_uint_eq(stderr_pipe_count("\n"), 1);
	ck_assert_int_eq(stderr_pipe.seen[stderr_pipe.length - 1], '\n');
}
END_TEST

START_TEST(a_stop_writes_what_is_queued)
{
	ck_assert_int_eq(log_start(), 0);
	for (int i = 0; i < 100; i++)
		log_info("line %d.", i);
	log_stop();
	log_info("after");
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("info: line "), 100);
	ck_assert_ptr_nonnull(strstr(stderr_pipe.seen, "line 99."));
	ck_assert_ptr_nonnull(strstr(stderr_pipe.seen, "after"));
}
END_TEST

START_TEST(a_full_pipe_costs_lines_and_says_how_many)
{
	enum { LINES = 2000 };
	uint64_t before = log_dropped();

	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(log_start(), 0);
	/* Nobody reads yet: a caller that waited would wait for ever. */
	for (int i = 0; i < LINES; i++)
		log_info("line");
	uint64_t dropped = log_dropped() - before;
	ck_assert_uint_gt(dropped, LINES / 2);

	while (stderr_pipe_sum("log: ") < dropped)
		stderr_pipe_read(10);
	log_stop();
	stderr_pipe_read_all();
	ck_assert_uint_eq(stderr_pipe_count("info: line\n"), LINES - dropped);
	ck_assert_uint_eq(stderr_pipe_sum("log: "), dropped);
}
END_TEST

START_TEST(a_stuck_stderr_does_not_hold_up_the_stop)
{
	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
	ck_assert_int_eq(log_start(), 0);
	for (int i = 0; i < 200; i++)
		log_info("line");
	int64_t before = clock_now();
	log_stop();
	log_info("after");
	ck_assert_int_lt(clock_now() - before, 1900 * NS_PER_MS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/log");
	TCase *tcase = tcase_create("lines");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, stderr_pipe_close);
	tcase_add_test(tcase, a_line_says_when_how_bad_and_what);
	tcase_add_loop_test(tcase, only_what_is_bad_enough_is_written, 0, LEVEL_COUNT);
	tcase_add_test(tcase, a_message_is_one_line_and_steers_no_terminal);
	tcase_add_test(tcase, a_long_line_is_cut_and_still_ends);
	tcase_add_test(tcase, a_stop_writes_what_is_queued);
	tcase_add_test(tcase, a_full_pipe_costs_lines_and_says_how_many);
	tcase_add_test(tcase, a_stuck_stderr_does_not_hold_up_the_stop);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
