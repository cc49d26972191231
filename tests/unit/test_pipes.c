/* SPDX-License-Identifier: MIT */
#include "proxy/pipes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "support/descriptors.h"
#include "support/suite.h"

static struct pipes *pipes;
static int before;

static void
setup(void)
{
	before = descriptors_count(getpid());
	pipes = pipes_new(PIPES_MAX);
}

static void
teardown(void)
{
	pipes_free(pipes);
	ck_assert_int_eq(descriptors_count(getpid()), before);
}

START_TEST(one_is_opened_when_it_is_wanted)
{
	ck_assert_uint_eq(pipes_open(pipes), 0);
	struct pipe *pipe = pipes_borrow(pipes);

	ck_assert_int_ge(fcntl(pipe->to, F_GETPIPE_SZ), PIPE_SIZE_LEAST);
	ck_assert_uint_eq(pipes_open(pipes), 1);
	ck_assert_uint_eq(pipes_lent(pipes), 1);
	pipes_return(pipes, pipe);
	ck_assert_uint_eq(pipes_lent(pipes), 0);
	ck_assert_ptr_eq(pipes_borrow(pipes), pipe);
	pipes_return(pipes, pipe);
	ck_assert_uint_eq(pipes_open(pipes), 1);
}
END_TEST

START_TEST(what_comes_back_with_bytes_in_it_is_never_lent_again)
{
	struct pipe *pipe = pipes_borrow(pipes);
	char byte;

	ck_assert_int_eq(write(pipe->to, "x", 1), 1);
	pipe->held = 1;
	pipes_return(pipes, pipe);
	ck_assert_uint_eq(pipes_open(pipes), 0);
	pipe = pipes_borrow(pipes);
	ck_assert_uint_eq(pipe->held, 0);
	ck_assert_int_eq(read(pipe->from, &byte, 1), -1);
	pipes_return(pipes, pipe);
}
END_TEST

START_TEST(there_are_no_more_than_that)
{
	struct pipe *lent[PIPES_MAX];

	for (int i = 0; i < PIPES_MAX; i++)
		ck_assert_ptr_nonnull(lent[i] = pipes_borrow(pipes));
	ck_assert_ptr_null(pipes_borrow(pipes));
	ck_assert_uint_eq(pipes_shortages(pipes), 1);
	pipes_return(pipes, lent[7]);
	ck_assert_ptr_eq(pipes_borrow(pipes), lent[7]);
	for (int i = 0; i < PIPES_MAX; i++)
		pipes_return(pipes, lent[i]);
}
END_TEST

START_TEST(those_that_nobody_wants_are_closed)
{
	struct pipe *some[3];

	for (int i = 0; i < 3; i++)
		some[i] = pipes_borrow(pipes);
	for (int i = 0; i < 3; i++)
		pipes_return(pipes, some[i]);
	pipes_tidy(pipes); /* all three were wanted since the last one */
	ck_assert_uint_eq(pipes_open(pipes), 3);
	pipes_return(pipes, pipes_borrow(pipes));
	pipes_tidy(pipes);
	ck_assert_uint_eq(pipes_open(pipes), 1);
	pipes_tidy(pipes);
	ck_assert_uint_eq(pipes_open(pipes), 0);
}
END_TEST

START_TEST(the_kernel_is_not_asked_again_at_once)
{
	struct rlimit limit, none;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){ 0, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	ck_assert_ptr_null(pipes_borrow(pipes));
	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_ptr_null(pipes_borrow(pipes));
	ck_assert_uint_eq(pipes_shortages(pipes), 2);
	pipes_tidy(pipes);
	struct pipe *pipe = pipes_borrow(pipes);
	ck_assert_ptr_nonnull(pipe);
	pipes_return(pipes, pipe);
}
END_TEST

START_TEST(a_refused_splice_keeps_even_those_that_are_open)
{
	pipes_return(pipes, pipes_borrow(pipes));
	pipes_refuse(pipes);
	ck_assert_ptr_null(pipes_borrow(pipes));
	pipes_tidy(pipes);
	struct pipe *pipe = pipes_borrow(pipes);
	ck_assert_ptr_nonnull(pipe);
	pipes_return(pipes, pipe);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/pipes");
	TCase *tcase = tcase_create("pipes");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_is_opened_when_it_is_wanted);
	tcase_add_test(tcase, what_comes_back_with_bytes_in_it_is_never_lent_again);
	tcase_add_test(tcase, there_are_no_more_than_that);
	tcase_add_test(tcase, those_that_nobody_wants_are_closed);
	tcase_add_test(tcase, the_kernel_is_not_asked_again_at_once);
	tcase_add_test(tcase, a_refused_splice_keeps_even_those_that_are_open);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
