/* SPDX-License-Identifier: MIT */
#include "daemon/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "proxy/pipes.h"
#include "support/suite.h"

static struct settings settings; /* too large for a stack */

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.pair_count = 1;
}

/* False: this process may not have so many.  Check forks, so that it is this test alone that has fewer then. */
static bool
leave(rlim_t soft, rlim_t hard)
{
	struct rlimit nofile;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &nofile), 0);
	if (nofile.rlim_max < hard) {
		printf("no more than %llu descriptors can be had here\n", (unsigned long long)nofile.rlim_max);
		return false;
	}
	nofile = (struct rlimit){ .rlim_cur = soft, .rlim_max = hard };
	if (setrlimit(RLIMIT_NOFILE, &nofile) == -1) { /* valgrind keeps some for itself */
		printf("%llu descriptors cannot be set here: %s\n", (unsigned long long)hard, strerror(errno));
		return false;
	}
	return true;
}

static uint64_t
taken(const struct limits *limits)
{
	return 2 * (uint64_t)limits->max_conns + (uint64_t)limits->admin_connections + (uint64_t)limits->own +
	       2 * (uint64_t)(limits->pipes * settings.workers);
}

static const int workers[] = { 1, 2, 4, 8, 32 };

START_TEST(twenty_thousand_are_enough_for_9500_connections)
{
	struct limits limits;

	if (!leave(1024, 20000))
		return;
	settings.workers = workers[_i];
	ck_assert_int_eq(limits_settle(&limits, &settings), 0);
	ck_assert_uint_eq(limits.descriptors, 20000);
	ck_assert_uint_ge(limits.max_conns, 9500);
	ck_assert_uint_le(taken(&limits), 20000);
	ck_assert_int_gt(limits.pipes, 0);
	ck_assert_int_le(limits.pipes, PIPES_MAX);
	ck_assert(!limits.cut);
}
END_TEST

static const rlim_t few[] = { 80, 128, 256, 1024, 4096 };

START_TEST(whatever_there_is_is_never_shared_out_twice)
{
	struct limits limits;

	settings.workers = 2;
	if (!leave(few[_i], few[_i]))
		return;
	ck_assert_int_eq(limits_settle(&limits, &settings), 0);
	ck_assert_uint_gt(limits.max_conns, 0);
	ck_assert_uint_le(taken(&limits), few[_i]);
	ck_assert_uint_ge(taken(&limits) + 2, few[_i]);
}
END_TEST

START_TEST(who_wants_fewer_connections_gets_those)
{
	struct limits limits;

	settings.workers = 1;
	settings.max_conns = 100;
	if (!leave(1024, 1024))
		return;
	ck_assert_int_eq(limits_settle(&limits, &settings), 0);
	ck_assert_uint_eq(limits.max_conns, 100);
	ck_assert(!limits.cut);
	settings.max_conns = 1000;
	ck_assert_int_eq(limits_settle(&limits, &settings), 0);
	ck_assert_uint_lt(limits.max_conns, 512);
	ck_assert(limits.cut);
}
END_TEST

START_TEST(too_few_for_anything_are_said_to_be)
{
	struct limits limits;

	settings.workers = 1;
	if (!leave(24, 24))
		return;
	ck_assert_int_eq(limits_settle(&limits, &settings), -EMFILE);
	ck_assert_uint_eq(limits.descriptors, 24);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("daemon/limits");
	TCase *tcase = tcase_create("descriptors");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(
	    tcase, twenty_thousand_are_enough_for_9500_connections, 0, sizeof(workers) / sizeof(workers[0]));
	tcase_add_loop_test(tcase, whatever_there_is_is_never_shared_out_twice, 0, sizeof(few) / sizeof(few[0]));
	tcase_add_test(tcase, who_wants_fewer_connections_gets_those);
	tcase_add_test(tcase, too_few_for_anything_are_said_to_be);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
