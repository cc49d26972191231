/* SPDX-License-Identifier: MIT */
#include "upstream/group.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"

enum { WRITES = 100000, READERS = 2 };

static struct upstream_setting settings;
static struct group *group;
static struct addr addresses[ADDRESSES_MAX + 1];
static char story[256];

/* "a" and "b" are names; anything else is an address. */
static void
setup_targets(const char *const *texts, int count)
{
	memset(&settings, 0, sizeof(settings));
	settings.target_count = count;
	for (int i = 0; i < count; i++) {
		if (strlen(texts[i]) == 1)
			strcpy(settings.targets[i].host, texts[i]);
		else
			ck_assert(addr_parse(&settings.targets[i].addr, texts[i]));
	}
	group = group_new(&settings);
	ck_assert_ptr_nonnull(group);
}
#define SETUP(...) \
	setup_targets( \
	    (const char *const[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *))

static void
teardown(void)
{
	group_free(group);
}

/* Numbered addresses, of both families in turn. */
static const struct addr *
make_addresses(int first, int count)
{
	for (int i = 0; i < count; i++) {
		char text[64];

		snprintf(text, sizeof(text), (first + i) % 2 ? "192.0.2.%d:80" : "[2001:db8::%d]:80", first + i);
		ck_assert(addr_parse(&addresses[i], text));
	}
	return addresses;
}

/* One connection for which every attempt fails. */
static const char *
dial_all(void)
{
	struct dial dial;
	struct addr addr;
	char text[ADDR_TEXT_MAX];
	enum dial_answer answer;
	int target;

	story[0] = '\0';
	dial_init(&dial, group);
	while ((answer = dial_next(&dial, group, &target, &addr)) == DIAL_ADDRESS) {
		size_t length = strlen(story);

		snprintf(
		    story + length, sizeof(story) - length, "%d=%s ", target, addr_format(&addr, text, sizeof(text)));
	}
	strcat(story, answer == DIAL_NO_ADDRESS ? "none" : "end");
	ck_assert_int_eq(dial_next(&dial, group, &target, &addr), answer);
	return story;
}

START_TEST(targets_take_their_turn_at_being_first)
{
	SETUP("127.0.0.1:1", "127.0.0.1:2", "unix:/three");
	ck_assert_str_eq(dial_all(), "0=127.0.0.1:1 1=127.0.0.1:2 2=unix:/three end");
	ck_assert_str_eq(dial_all(), "1=127.0.0.1:2 2=unix:/three 0=127.0.0.1:1 end");
	ck_assert_str_eq(dial_all(), "2=unix:/three 0=127.0.0.1:1 1=127.0.0.1:2 end");
	ck_assert_str_eq(dial_all(), "0=127.0.0.1:1 1=127.0.0.1:2 2=unix:/three end");
}
END_TEST

START_TEST(every_address_of_a_name_is_tried_before_the_next_target)
{
	SETUP("a", "[::1]:2");
	group_set_addresses(group, 0, make_addresses(1, 3), 3);
	ck_assert_str_eq(dial_all(), "0=192.0.2.1:80 0=[2001:db8::2]:80 0=192.0.2.3:80 1=[::1]:2 end");
	ck_assert_str_eq(dial_all(), "1=[::1]:2 0=192.0.2.1:80 0=[2001:db8::2]:80 0=192.0.2.3:80 end");
}
END_TEST

START_TEST(a_name_without_an_address_is_passed_over)
{
	SETUP("a", "b");
	ck_assert_str_eq(dial_all(), "none");
	group_set_addresses(group, 1, make_addresses(1, 1), 1);
	ck_assert_str_eq(dial_all(), "1=192.0.2.1:80 end");
	ck_assert_str_eq(dial_all(), "1=192.0.2.1:80 end");
}
END_TEST

START_TEST(addresses_that_change_meanwhile_do_not_make_it_endless)
{
	struct dial dial;
	struct addr addr;
	int target, tried = 0;

	SETUP("a", "b");
	dial_init(&dial, group);
	do
		group_set_addresses(group, tried % 2, make_addresses(1, ADDRESSES_MAX), 1 + tried % ADDRESSES_MAX);
	while (dial_next(&dial, group, &target, &addr) == DIAL_ADDRESS && ++tried < 1000);
	ck_assert_int_ge(tried, 2);
	ck_assert_int_le(tried, 2 * ADDRESSES_MAX);
}
END_TEST

START_TEST(good_addresses_stay_until_better_ones_come)
{
	struct addr copy[ADDRESSES_MAX];

	SETUP("a");
	ck_assert_int_eq(group_addresses(group, 0, copy), 0);
	group_set_addresses(group, 0, make_addresses(1, 5), 5);
	group_set_addresses(group, 0, NULL, 0);
	ck_assert_int_eq(group_addresses(group, 0, copy), 5);
	group_set_addresses(group, 0, make_addresses(7, 1), 1);
	ck_assert_int_eq(group_addresses(group, 0, copy), 1);
	ck_assert_str_eq(dial_all(), "0=192.0.2.7:80 end");
}
END_TEST

START_TEST(addresses_come_out_as_they_went_in)
{
	struct addr copy[ADDRESSES_MAX];

	SETUP("a");
	make_addresses(1, ADDRESSES_MAX + 1);
	ck_assert(addr_parse(&addresses[2], "[::ffff:192.0.2.7]:65535"));
	ck_assert(addr_parse(&addresses[3], "[fe80::1]:1"));
	addresses[3].v6.sin6_scope_id = 0xfedcba98;
	group_set_addresses(group, 0, addresses, ADDRESSES_MAX + 1);
	ck_assert_int_eq(group_addresses(group, 0, copy), ADDRESSES_MAX);
	for (int i = 0; i < ADDRESSES_MAX; i++) {
		ck_assert_uint_eq(copy[i].length, addresses[i].length);
		ck_assert_mem_eq(&copy[i].any, &addresses[i].any, copy[i].length);
	}
}
END_TEST

static _Atomic bool written;

/* The n-th answer has n % 16 + 1 addresses, all of them number n. */
static void *
write_often(void *unused)
{
	struct addr many[ADDRESSES_MAX];

	for (uint32_t n = 0; n < WRITES; n++) {
		for (int i = 0; i < ADDRESSES_MAX; i++) {
			many[i] = (struct addr){ .length = sizeof(many[i].v4), .v4 = { .sin_family = AF_INET } };
			many[i].v4.sin_addr.s_addr = htonl(n);
		}
		group_set_addresses(group, 0, many, (int)(n % ADDRESSES_MAX) + 1);
	}
	atomic_store(&written, true);
	return unused;
}

/* Returns NULL, or the group that gave a mixture or an old answer: a reader may see
 * one the moment before it is made current, so the next may be older by one. */
static void *
read_often(void *unused)
{
	struct addr copy[ADDRESSES_MAX];
	uint32_t last = 0;

	while (!atomic_load(&written)) {
		int count = group_addresses(group, 0, copy);

		if (count == 0)
			continue;
		uint32_t n = ntohl(copy[0].v4.sin_addr.s_addr);
		bool whole = n + 1 >= last && count == (int)(n % ADDRESSES_MAX) + 1;
		for (int i = 0; i < count; i++)
			whole = whole && ntohl(copy[i].v4.sin_addr.s_addr) == n;
		if (!whole)
			return group;
		last = n;
	}
	return unused;
}

START_TEST(a_reader_sees_one_answer_or_another_and_no_mixture)
{
	pthread_t writer, readers[READERS];
	void *mixed;

	SETUP("a");
	atomic_store(&written, false);
	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_often, NULL), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_often, NULL), 0);
	pthread_join(writer, NULL);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], &mixed);
		ck_assert_ptr_null(mixed);
	}
}
END_TEST

START_TEST(a_shortage_is_told_once_a_minute)
{
	int64_t first = 1000 * NS_PER_S;

	SETUP("192.0.2.1:80");
	ck_assert(group_tells_shortage(group, first));
	ck_assert(!group_tells_shortage(group, first));
	ck_assert(!group_tells_shortage(group, first + 60 * NS_PER_S - 1));
	ck_assert(group_tells_shortage(group, first + 60 * NS_PER_S));
	ck_assert(!group_tells_shortage(group, first + 61 * NS_PER_S));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upstream/group");
	TCase *tcase = tcase_create("addresses");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, targets_take_their_turn_at_being_first);
	tcase_add_test(tcase, every_address_of_a_name_is_tried_before_the_next_target);
	tcase_add_test(tcase, a_name_without_an_address_is_passed_over);
	tcase_add_test(tcase, addresses_that_change_meanwhile_do_not_make_it_endless);
	tcase_add_test(tcase, good_addresses_stay_until_better_ones_come);
	tcase_add_test(tcase, addresses_come_out_as_they_went_in);
	tcase_add_test(tcase, a_shortage_is_told_once_a_minute);
	tcase_add_test(tcase, a_reader_sees_one_answer_or_another_and_no_mixture);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
