/* SPDX-License-Identifier: MIT */
#include "proxy/manners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "support/suite.h"

enum { NOBODY = 65534, NAMES_MAX = 256 };

static struct settings settings; /* too large for a stack */
static struct manners manners;
static char error_bytes[1024];
static struct text error;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.keepalive.idle_ns = 60 * NS_PER_S;
	settings.keepalive.interval_ns = 10 * NS_PER_S;
	settings.keepalive.count = 6;
	text_init(&error, error_bytes, sizeof(error_bytes));
}

static bool
check(const char *congestion)
{
	strcpy(settings.congestion, congestion);
	return manners_check(&settings, &error);
}

static const struct tcp_manner *
manner_at(const char *text)
{
	struct addr addr;

	ck_assert(addr_parse(&addr, text));
	return manners_at(&manners, &addr);
}

static void
standard_congestion(char name[TCP_CONGESTION_MAX])
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	tcp_congestion_read(fd, name);
	close(fd);
	ck_assert_str_ne(name, "");
}

static void
read_names(char names[NAMES_MAX], const char *sysctl)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", sysctl);
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_ptr_ne(fgets(names, NAMES_MAX, file), NULL);
	fclose(file);
	names[strcspn(names, "\n")] = '\0';
}

START_TEST(who_names_none_is_asked_nothing)
{
	ck_assert(check("auto"));
	ck_assert(check("keep"));
	ck_assert_uint_eq(error.length, 0);
}
END_TEST

START_TEST(what_the_kernel_has_not_is_refused_with_what_it_has)
{
	char names[NAMES_MAX];

	read_names(names, "tcp_available_congestion_control");
	ck_assert(!check("none-such"));
	ck_assert_ptr_ne(strstr(error_bytes, "--congestion: \"none-such\": "), NULL);
	ck_assert_ptr_ne(strstr(error_bytes, names), NULL);
}
END_TEST

static bool
has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += length) {
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* Check forks for each test, so it is this one alone that gives its rights away. */
START_TEST(what_is_not_for_everybody_is_refused_with_what_is)
{
	char available[NAMES_MAX], allowed[NAMES_MAX], *rest = available, *name;

	read_names(available, "tcp_available_congestion_control");
	read_names(allowed, "tcp_allowed_congestion_control");
	while ((name = strsep(&rest, " ")) != NULL && has_word(allowed, name))
		continue;
	if (name == NULL || (geteuid() == 0 && setuid(NOBODY) != 0) || check(name)) {
		printf("everybody may have each of them here\n");
		return;
	}
	ck_assert_ptr_ne(strstr(error_bytes, "CAP_NET_ADMIN"), NULL);
	ck_assert_ptr_ne(strstr(error_bytes, allowed), NULL);
}
END_TEST

START_TEST(a_name_is_for_all_legs)
{
	char standard[TCP_CONGESTION_MAX];

	standard_congestion(standard);
	ck_assert(check(standard));
	ck_assert_int_eq(manners_init(&manners, &settings), 0);
	ck_assert_str_eq(manner_at("127.0.0.1:1")->congestion, standard);
	ck_assert_str_eq(manner_at("192.0.2.1:1")->congestion, standard);
	ck_assert_int_eq(manner_at("192.0.2.1:1")->idle_seconds, 60);
	ck_assert_int_eq(manner_at("127.0.0.1:1")->interval_seconds, 10);
	ck_assert_int_eq(manner_at("127.0.0.1:1")->count, 6);
}
END_TEST

/* 17,000 sockets of 8,500 connections: of no pair of times have more than a queue of the kernel holds. */
START_TEST(those_that_came_together_do_not_ask_together)
{
	enum { SOCKETS = 17000, QUEUE = 1000 };
	static int pairs[61][16], firsts[61];
	struct tcp_manner all = { .idle_seconds = 60, .interval_seconds = 10, .count = 6 };

	memset(pairs, 0, sizeof(pairs));
	memset(firsts, 0, sizeof(firsts));
	for (uint32_t i = 0; i < SOCKETS; i++) {
		struct tcp_manner one = manners_spread(&all, i);

		ck_assert_int_ge(one.idle_seconds, 45);
		ck_assert_int_le(one.idle_seconds, 60);
		ck_assert_int_ge(one.interval_seconds, 10);
		ck_assert_int_le(one.interval_seconds, 15);
		ck_assert_int_eq(one.count, 6);
		pairs[one.idle_seconds][one.interval_seconds]++;
		firsts[one.idle_seconds]++;
	}
	for (int idle = 45; idle <= 60; idle++) {
		ck_assert_int_lt(firsts[idle], SOCKETS / 16 * 5 / 4);
		for (int interval = 10; interval <= 15; interval++)
			ck_assert_int_lt(pairs[idle][interval], QUEUE / 4);
	}
}
END_TEST

START_TEST(what_is_short_or_off_stays_so_and_nothing_grows_too_long_for_the_kernel)
{
	struct tcp_manner off = { 0 }, shortest = { .idle_seconds = 1, .interval_seconds = 1, .count = 3 };
	struct tcp_manner longest = { .idle_seconds = 32767, .interval_seconds = 32767, .count = 127 };

	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(manners_spread(&off, i).idle_seconds, 0);
		ck_assert_int_eq(manners_spread(&shortest, i).idle_seconds, 1);
		ck_assert_int_eq(manners_spread(&shortest, i).interval_seconds, 1);
		ck_assert_int_le(manners_spread(&longest, i).interval_seconds, 32767);
	}
}
END_TEST

START_TEST(what_is_kept_is_not_set)
{
	ck_assert(check("keep"));
	ck_assert_int_eq(manners_init(&manners, &settings), 0);
	ck_assert_ptr_eq(manner_at("127.0.0.1:1")->congestion, NULL);
	ck_assert_ptr_eq(manner_at("192.0.2.1:1")->congestion, NULL);
}
END_TEST

START_TEST(without_a_name_only_loopback_differs_and_only_where_the_system_paces)
{
	char standard[TCP_CONGESTION_MAX];
	static const char *const loopback[] = { "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1" };
	static const char *const others[] = { "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1", "unix:/run/x" };

	standard_congestion(standard);
	bool paces = strcmp(standard, "reno") != 0 && strcmp(standard, "cubic") != 0;
	ck_assert(check("auto"));
	ck_assert_int_eq(manners_init(&manners, &settings), 0);
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		ck_assert_int_eq(manner_at(loopback[i])->congestion != NULL, paces);
		if (paces)
			ck_assert_str_eq(manner_at(loopback[i])->congestion, "reno");
		ck_assert_int_eq(manner_at(loopback[i])->much_bytes > 0, !paces);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert(manner_at(others[i])->congestion == NULL && manner_at(others[i])->much_bytes == 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/manners");
	TCase *tcase = tcase_create("congestion control");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, who_names_none_is_asked_nothing);
	tcase_add_test(tcase, what_the_kernel_has_not_is_refused_with_what_it_has);
	tcase_add_test(tcase, a_name_is_for_all_legs);
	tcase_add_test(tcase, what_is_kept_is_not_set);
	tcase_add_test(tcase, those_that_came_together_do_not_ask_together);
	tcase_add_test(tcase, what_is_short_or_off_stays_so_and_nothing_grows_too_long_for_the_kernel);
	tcase_add_test(tcase, without_a_name_only_loopback_differs_and_only_where_the_system_paces);
	tcase_add_test(
	    tcase, what_is_not_for_everybody_is_refused_with_what_is); /* last: without a fork, rights are gone */
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
