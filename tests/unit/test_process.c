/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "support/suite.h"

static struct process_facts before, after;

static int64_t
cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

START_TEST(each_open_descriptor_counts)
{
	enum { MORE = 20 };
	int fds[MORE];

	process_read(&before);
	for (int i = 0; i < MORE; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	process_read(&after);
	ck_assert_int_eq(after.open_fds, before.open_fds + MORE);
	for (int i = 0; i < MORE; i++)
		close(fds[i]);
	process_read(&after);
	ck_assert_int_eq(after.open_fds, before.open_fds);
}
END_TEST

START_TEST(the_limit_is_the_one_that_holds)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	process_read(&after);
	ck_assert_int_eq(after.max_fds, 100);
}
END_TEST

START_TEST(memory_that_is_touched_counts)
{
	enum { MUCH = 64 << 20 };

	process_read(&before);
	ck_assert_int_gt(before.resident_bytes, 0);
	char *memory = malloc(MUCH);
	ck_assert_ptr_nonnull(memory);
	memset(memory, 1, MUCH);
	__asm__ volatile("" : : "r"(memory) : "memory");
	process_read(&after);
	ck_assert_int_ge(after.resident_bytes, before.resident_bytes + MUCH / 2);
	ck_assert_int_ge(after.virtual_bytes, after.resident_bytes);
	free(memory);
}
END_TEST

static void *
wait_for(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

START_TEST(each_thread_counts)
{
	static pthread_barrier_t barrier; /* on no stack: a race detector takes what is used again for shared */
	pthread_t thread;

	/* With the first thread a sanitizer may begin one of its own. */
	pthread_barrier_init(&barrier, NULL, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for, &barrier), 0);
	pthread_join(thread, NULL);
	process_read(&before);
	pthread_barrier_init(&barrier, NULL, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for, &barrier), 0);
	pthread_barrier_wait(&barrier);
	process_read(&after);
	ck_assert_int_eq(after.threads, before.threads + 1);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(time_that_was_computed_counts)
{
	int64_t until_us = cpu_us() + 50000;

	process_read(&before);
	while (cpu_us() < until_us) {
	}
	process_read(&after);
	ck_assert_int_gt(after.cpu_us, before.cpu_us);
	ck_assert_int_le(after.cpu_us - before.cpu_us, 1000000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/process");
	TCase *tcase = tcase_create("facts");

	tcase_add_test(tcase, each_open_descriptor_counts);
	tcase_add_test(tcase, memory_that_is_touched_counts);
	tcase_add_test(tcase, each_thread_counts);
	tcase_add_test(tcase, time_that_was_computed_counts);
	tcase_add_test(tcase, the_limit_is_the_one_that_holds); /* last: it stays so without a fork */
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
