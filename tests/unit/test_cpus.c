/* SPDX-License-Identifier: MIT */
#include "base/cpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "support/suite.h"

static char mount[64];

static void
setup(void)
{
	strcpy(mount, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_ne(mkdtemp(mount), NULL);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", mount);
	ck_assert_int_eq(system(command), 0);
}

static void
write_file(const char *name, const char *bytes)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	FILE *file = fopen(path, "we");
	ck_assert_ptr_ne(file, NULL);
	fputs(bytes, file);
	ck_assert_int_eq(fclose(file), 0);
}

static int
quota(void)
{
	char membership[256];

	snprintf(membership, sizeof(membership), "%s/membership", mount);
	return cpus_quota(mount, membership);
}

/* Groups /a and /a/b; NULL: no file there. */
static const struct {
	const char *membership, *top, *a, *b;
	int want;
} cases[] = {
	{ "0::/a/b\n", NULL, NULL, NULL, 0 },
	{ "0::/a/b\n", NULL, "max 100000\n", "max 100000\n", 0 },
	{ "0::/a/b\n", NULL, "max 100000\n", "200000 100000\n", 2 },
	{ "0::/a/b\n", NULL, "300000 100000\n", "max 100000\n", 3 },
	{ "0::/a/b\n", NULL, "200000 100000\n", "300000 100000\n", 2 },
	{ "0::/a/b\n", NULL, "300000 100000\n", "200000 100000\n", 2 },
	{ "0::/a/b\n", NULL, NULL, "150000 100000\n", 2 },
	{ "0::/a/b\n", NULL, NULL, "100001 100000\n", 2 },
	{ "0::/a/b\n", NULL, NULL, "1000 100000\n", 1 },
	{ "0::/a\n", NULL, "max 100000\n", "100000 100000\n", 0 },
	{ "0::/\n", "400000 100000\n", "100000 100000\n", NULL, 4 }, /* in a namespace of its own */
	{ "5:cpu:/a\n4:cpuset:/a\n0::/a/b\n", NULL, NULL, "100000 50000\n", 2 },
	{ "5:cpu:/a\n", NULL, "100000 100000\n", NULL, 0 }, /* version 1 alone */
	{ "0::/a/b\n", NULL, NULL, "many\n", 0 },
	{ "0::/a/b\n", NULL, NULL, "100000 0\n", 0 },
	{ "", NULL, "100000 100000\n", NULL, 0 },
};

START_TEST(a_quota_of_the_group_or_one_above_it_counts)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/a", mount);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	strcat(path, "/b");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file("membership", cases[_i].membership);
	if (cases[_i].top != NULL)
		write_file("cpu.max", cases[_i].top);
	if (cases[_i].a != NULL)
		write_file("a/cpu.max", cases[_i].a);
	if (cases[_i].b != NULL)
		write_file("a/b/cpu.max", cases[_i].b);
	ck_assert_int_eq(quota(), cases[_i].want);
}
END_TEST

START_TEST(where_nothing_can_be_read_there_is_no_quota)
{
	ck_assert_int_eq(quota(), 0);
}
END_TEST

START_TEST(each_cpu_comes_once_and_then_the_first_again)
{
	cpu_set_t all, one, seen;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&seen);
	for (int n = 0; n < CPU_COUNT(&all); n++) {
		ck_assert_int_eq(cpus_nth(&one, n), 0);
		ck_assert_int_eq(CPU_COUNT(&one), 1);
		CPU_OR(&seen, &seen, &one);
	}
	ck_assert(CPU_EQUAL(&seen, &all));
	ck_assert_int_eq(cpus_nth(&one, 0), 0);
	ck_assert_int_eq(cpus_nth(&seen, CPU_COUNT(&all)), 0);
	ck_assert(CPU_EQUAL(&seen, &one));
}
END_TEST

START_TEST(only_those_of_this_thread_count)
{
	cpu_set_t all, one, found;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	ck_assert_int_le(cpus_count(), CPU_COUNT(&all));
	ck_assert_int_eq(cpus_nth(&one, CPU_COUNT(&all) - 1), 0);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_int_eq(cpus_count(), 1);
	ck_assert_int_eq(cpus_nth(&found, 5), 0);
	ck_assert(CPU_EQUAL(&found, &one));
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/cpus");
	TCase *tcase = tcase_create("cpus");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_quota_of_the_group_or_one_above_it_counts, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, where_nothing_can_be_read_there_is_no_quota);
	tcase_add_test(tcase, each_cpu_comes_once_and_then_the_first_again);
	tcase_add_test(tcase, only_those_of_this_thread_count);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
