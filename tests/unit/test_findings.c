/* SPDX-License-Identifier: MIT */
#include "track/findings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "support/suite.h"

static struct findings *findings;
static struct findings_list list, copy;

static void
setup(void)
{
	findings = findings_new();
	ck_assert_ptr_nonnull(findings);
	memset(&list, 0, sizeof(list));
	memset(&copy, 0, sizeof(copy));
}

static void
teardown(void)
{
	findings_free(findings);
}

static bool
add(enum finding_kind kind, enum finding_severity severity, uint16_t upstream, int64_t first_seen_us)
{
	struct finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = (uint8_t)kind;
	finding.severity = (uint8_t)severity;
	finding.upstream = upstream;
	finding.first_seen_us = first_seen_us;
	return findings_add(&list, &finding);
}

START_TEST(there_is_nothing_before_the_first_time)
{
	findings_read(findings, &copy);
	ck_assert_uint_eq(copy.count, 0);
	ck_assert_uint_eq(copy.closed, 0);
}
END_TEST

START_TEST(the_worst_comes_first)
{
	static const int order[] = { 2, 1, 3, 0 };

	add(FINDING_IDLE_CUTOFF, SEVERITY_INFO, 0, 1);
	add(FINDING_TARGET_FAILS, SEVERITY_WARNING, 1, 1);
	add(FINDING_SOURCE_PORTS, SEVERITY_CRITICAL, 2, 1);
	add(FINDING_TARGET_FAILS, SEVERITY_WARNING, 3, 1);
	list.closed = 7;
	findings_publish(findings, &list);
	findings_read(findings, &copy);
	ck_assert_uint_eq(copy.count, 4);
	ck_assert_uint_eq(copy.closed, 7);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(copy.list[i].upstream, order[i]);
	ck_assert_uint_eq(findings_count(&copy, FINDING_TARGET_FAILS), 2);
	ck_assert_uint_eq(findings_count(&copy, FINDING_NEVER_FINISHES), 0);
}
END_TEST

START_TEST(what_stays_keeps_when_it_was_noticed)
{
	add(FINDING_IDLE_CUTOFF, SEVERITY_WARNING, 0, 100);
	findings_publish(findings, &list);
	list.count = 0;
	add(FINDING_IDLE_CUTOFF, SEVERITY_CRITICAL, 0, 200); /* it got worse, and is the same */
	add(FINDING_IDLE_CUTOFF, SEVERITY_WARNING, 1, 200);
	findings_publish(findings, &list);
	findings_read(findings, &copy);
	ck_assert_int_eq(copy.list[0].first_seen_us, 100);
	ck_assert_int_eq(copy.list[1].first_seen_us, 200);
	list.count = 0;
	findings_publish(findings, &list);
	add(FINDING_IDLE_CUTOFF, SEVERITY_WARNING, 0, 300); /* it was gone meanwhile */
	findings_publish(findings, &list);
	findings_read(findings, &copy);
	ck_assert_int_eq(copy.list[0].first_seen_us, 300);
}
END_TEST

/* A target may have several, and each its ports. */
START_TEST(ports_towards_another_address_are_another_thing)
{
	for (int i = 0; i < 2; i++) {
		for (uint16_t port = 80; port <= 80 + i; port++) {
			add(FINDING_SOURCE_PORTS, SEVERITY_WARNING, 0, 100 + i);
			list.list[list.count - 1].ports.address.port = port;
		}
		findings_publish(findings, &list);
		list.count = 0;
	}
	findings_read(findings, &copy);
	ck_assert_int_eq(copy.list[0].first_seen_us, 100);
	ck_assert_int_eq(copy.list[1].first_seen_us, 101);
}
END_TEST

START_TEST(what_finds_no_room_is_counted_and_the_worst_stay)
{
	for (int i = 0; i < FINDINGS_MAX; i++)
		ck_assert(add(FINDING_TARGET_FAILS, SEVERITY_INFO, (uint16_t)i, 1));
	ck_assert(!add(FINDING_TARGET_FAILS, SEVERITY_INFO, 100, 1));
	ck_assert(add(FINDING_TARGET_FAILS, SEVERITY_CRITICAL, 200, 1));
	ck_assert_uint_eq(list.count, FINDINGS_MAX);
	ck_assert_uint_eq(list.left_out, 2);
	ck_assert_int_eq(list.list[0].upstream, 200);
	ck_assert_int_eq(list.list[FINDINGS_MAX - 1].upstream, FINDINGS_MAX - 2);
	findings_publish(findings, &list);
	findings_read(findings, &copy);
	ck_assert_uint_eq(copy.count, FINDINGS_MAX);
}
END_TEST

/* Each list has as many of one upstream as its number says: a torn one would not. */
static atomic_bool enough;

static void *
publish(void *argument)
{
	(void)argument;
	for (unsigned round = 0; round < 2000; round++) {
		list.count = 0;
		for (unsigned i = 0; i < round % FINDINGS_MAX; i++)
			add(FINDING_TARGET_FAILS, SEVERITY_INFO, (uint16_t)round, round);
		list.closed = round;
		findings_publish(findings, &list);
	}
	atomic_store(&enough, true);
	return NULL;
}

START_TEST(a_reader_never_sees_half_a_list)
{
	pthread_t writer;

	atomic_store(&enough, false);
	ck_assert_int_eq(pthread_create(&writer, NULL, publish, NULL), 0);
	while (!atomic_load(&enough)) {
		findings_read(findings, &copy);
		ck_assert_uint_eq(copy.count, copy.closed % FINDINGS_MAX);
		for (uint64_t i = 0; i < copy.count; i++)
			ck_assert_uint_eq(copy.list[i].upstream, copy.closed);
	}
	pthread_join(writer, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/findings");
	TCase *tcase = tcase_create("list");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, there_is_nothing_before_the_first_time);
	tcase_add_test(tcase, the_worst_comes_first);
	tcase_add_test(tcase, what_stays_keeps_when_it_was_noticed);
	tcase_add_test(tcase, ports_towards_another_address_are_another_thing);
	tcase_add_test(tcase, what_finds_no_room_is_counted_and_the_worst_stay);
	tcase_add_test(tcase, a_reader_never_sees_half_a_list);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
