/* SPDX-License-Identifier: MIT */
/*
 * Real c-ares, a fake clock, and a name server on loopback that says what the
 * test tells it to.  The server sits in the same loop as the resolver.
 */
#include "upstream/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/fake_clock.h"
#include "support/suite.h"

enum { TURNS_MAX = 1000, TURN_MS = 5, MESSAGE_MAX = 512, QUERIES_KEPT = 8, TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };

enum mood { ANSWERS, DENIES, FAILS, SILENT, SAYS_TRUNCATED, SPOILS };

struct message {
	size_t length;
	uint8_t bytes[MESSAGE_MAX];
	struct sockaddr_in from;
};

/* The name server. */
static struct {
	struct loop_watch watch;
	int fd;
	char address[32];
	enum mood mood;
	const char *v4, *v6; /* "192.0.2.1 192.0.2.2" */
	uint32_t ttl_s;
	uint32_t alias_ttl_s; /* 0: the name is no alias */
	void (*spoil)(struct message *, int);
	int how;
	int asked; /* queries so far */
	struct message kept[QUERIES_KEPT];
	int kept_count;
} dns;

static struct upstream_setting settings;
static struct loop *loop;
static struct group *group;
static struct resolver *resolver;
static int stderr_before, log_fd;
static char story[2048];

static void
add(struct message *message, const void *bytes, size_t count)
{
	ck_assert_uint_le(message->length + count, MESSAGE_MAX);
	memcpy(message->bytes + message->length, bytes, count);
	message->length += count;
}

static void
add_u16(struct message *message, uint16_t number)
{
	number = htons(number);
	add(message, &number, 2);
}

/* `name` is a pointer into the message, as compression wants it. */
static void
add_record(struct message *message, uint16_t name, uint16_t type, uint32_t ttl_s, const void *value, size_t size)
{
	uint32_t ttl = htonl(ttl_s);

	add_u16(message, 0xc000 | name);
	add_u16(message, type);
	add_u16(message, 1);
	add(message, &ttl, 4);
	add_u16(message, (uint16_t)size);
	add(message, value, size);
	message->bytes[7]++;
}

static void
add_addresses(struct message *message, uint16_t name, uint16_t type, const char *list)
{
	char texts[1024], *rest;
	uint8_t ip[16];

	snprintf(texts, sizeof(texts), "%s", list);
	for (char *text = strtok_r(texts, " ", &rest); text != NULL; text = strtok_r(NULL, " ", &rest)) {
		ck_assert_int_eq(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, ip), 1);
		add_record(message, name, type, dns.ttl_s, ip, type == TYPE_A ? 4 : 16);
	}
}

static struct message
make_reply(const struct message *query)
{
	struct message reply = { .length = 12 };
	uint16_t name = 12;
	int rcode = dns.mood == DENIES ? 3 : dns.mood == FAILS ? 2 : 0;

	while (query->bytes[reply.length] != 0)
		reply.length += query->bytes[reply.length] + 1u;
	uint8_t type = query->bytes[reply.length + 2];
	reply.length += 5;
	memcpy(reply.bytes, query->bytes, reply.length);
	memset(reply.bytes + 6, 0, 6);
	reply.bytes[2] = dns.mood == SAYS_TRUNCATED ? 0x83 : 0x81;
	reply.bytes[3] = (uint8_t)(0x80 | rcode);
	if (rcode != 0 || dns.mood == SAYS_TRUNCATED)
		return reply;
	if (dns.alias_ttl_s > 0) {
		add_record(&reply, name, TYPE_CNAME, dns.alias_ttl_s, "\4real\4test", 11);
		name = (uint16_t)(reply.length - 11);
	}
	add_addresses(&reply, name, type, type == TYPE_A ? dns.v4 : dns.v6);
	return reply;
}

static void
send_message(const struct message *message, const struct sockaddr_in *to)
{
	sendto(dns.fd, message->bytes, message->length, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* A spoilt reply is followed by a good one: c-ares may take either. */
static void
answer(const struct message *query)
{
	struct message reply = make_reply(query);

	if (dns.mood == SPOILS) {
		struct message spoilt = reply;

		dns.spoil(&spoilt, dns.how);
		send_message(&spoilt, &query->from);
	}
	send_message(&reply, &query->from);
}

static void
on_query(struct loop_watch *watch, uint32_t events)
{
	struct message query;
	socklen_t size = sizeof(query.from);
	ssize_t got;

	(void)watch, (void)events;
	while ((got = recvfrom(dns.fd, query.bytes, MESSAGE_MAX, MSG_DONTWAIT, (struct sockaddr *)&query.from, &size)) >
	       0) {
		query.length = (size_t)got;
		dns.asked++;
		if (dns.mood != SILENT)
			answer(&query);
		else if (dns.kept_count < QUERIES_KEPT)
			dns.kept[dns.kept_count++] = query;
	}
}

static void
dns_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	memset(&dns, 0, sizeof(dns));
	dns.v4 = dns.v6 = "";
	dns.ttl_s = 60;
	dns.fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(dns.fd, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(getsockname(dns.fd, (struct sockaddr *)&at, &size), 0);
	snprintf(dns.address, sizeof(dns.address), "127.0.0.1:%u", ntohs(at.sin_port));
	ck_assert_int_eq(loop_watch(loop, &dns.watch, dns.fd, EPOLLIN, on_query), 0);
}

/* The program's own messages go to a file meanwhile. */
static void
setup(void)
{
	log_fd = memfd_create("log", 0);
	stderr_before = dup(STDERR_FILENO);
	dup2(log_fd, STDERR_FILENO);
	loop = loop_new();
	dns_start();
	memset(&settings, 0, sizeof(settings));
	settings.target_count = 1;
	settings.targets[0] = (struct target_setting){ .name = "db.test:5432", .host = "db.test", .port = 5432 };
	group = group_new(&settings);
	resolver = resolver_new(loop, dns.address);
	ck_assert_ptr_nonnull(resolver);
}

static void
teardown(void)
{
	resolver_free(resolver);
	loop_unwatch(loop, &dns.watch);
	close(dns.fd);
	group_free(group);
	loop_free(loop);
	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	close(log_fd);
}

/* How often this is in the log. */
static int
logged(const char *words)
{
	char text[4096];
	ssize_t got = pread(log_fd, text, sizeof(text) - 1, 0);
	int count = 0;

	text[got < 0 ? 0 : got] = '\0';
	for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static const char *
addresses(void)
{
	struct addr copy[ADDRESSES_MAX];
	char text[ADDR_TEXT_MAX];
	int count = group_addresses(group, 0, copy);

	story[0] = '\0';
	for (int i = 0; i < count; i++) {
		strcat(story, i == 0 ? "" : " ");
		strcat(story, addr_format(&copy[i], text, sizeof(text)));
	}
	return story;
}

#define TURN_UNTIL(fact) \
	do { \
		int turns_ = 0; \
		while (!(fact) && turns_++ < TURNS_MAX) \
			loop_turn(loop, TURN_MS); \
		ck_assert_msg(fact, "never: %s", #fact); \
	} while (0)

static void
watch_and_settle(void)
{
	ck_assert_int_eq(resolver_watch(resolver, group, 0, NULL), 0);
	TURN_UNTIL(resolver_settled(resolver));
}

/* True if no query comes within this time on the clock, but one right after it. */
static bool
asks_again_after(int64_t ns)
{
	int asked = dns.asked;

	fake_clock_advance(ns - NS_PER_MS);
	for (int turn = 0; turn < 5; turn++)
		loop_turn(loop, 0);
	bool early = dns.asked != asked;
	fake_clock_advance(2 * NS_PER_MS);
	TURN_UNTIL(dns.asked >= asked + 2); /* A and AAAA */
	for (int turn = 0; turn < 5; turn++)
		loop_turn(loop, 0);
	return !early;
}

START_TEST(both_families_are_found_and_get_the_port)
{
	dns.v4 = "192.0.2.1";
	dns.v6 = "2001:db8::1";
	ck_assert_int_eq(resolver_watch(resolver, group, 0, NULL), 0);
	ck_assert(!resolver_settled(resolver));
	TURN_UNTIL(resolver_settled(resolver));
	ck_assert_ptr_nonnull(strstr(addresses(), "192.0.2.1:5432"));
	ck_assert_ptr_nonnull(strstr(addresses(), "[2001:db8::1]:5432"));
	ck_assert_int_eq(logged("\n"), 0);
}
END_TEST

START_TEST(one_family_is_enough)
{
	dns.v6 = "2001:db8::1";
	watch_and_settle();
	ck_assert_str_eq(addresses(), "[2001:db8::1]:5432");
}
END_TEST

START_TEST(a_long_answer_is_cut)
{
	struct addr copy[ADDRESSES_MAX];

	dns.v4 = "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9 192.0.2.10 "
		 "192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 192.0.2.17 192.0.2.18";
	watch_and_settle();
	ck_assert_int_eq(group_addresses(group, 0, copy), ADDRESSES_MAX);
}
END_TEST

static const struct {
	uint32_t ttl_s, alias_ttl_s;
	int want_s;
} ages[] = {
	{ 60, 0, 60 },
	{ 6, 0, 6 },
	{ 1, 0, 5 },
	{ 0, 0, 5 },
	{ 86400, 0, 300 },
	{ UINT32_MAX, 0, 5 }, /* RFC 2181: beyond 31 bits is zero */
	{ 200, 10, 10 },
	{ 10, 200, 10 },
};

START_TEST(an_answer_is_asked_for_again_when_it_has_aged)
{
	dns.v4 = "192.0.2.1";
	dns.ttl_s = ages[_i].ttl_s;
	dns.alias_ttl_s = ages[_i].alias_ttl_s;
	watch_and_settle();
	ck_assert_str_eq(addresses(), "192.0.2.1:5432");
	dns.v4 = "192.0.2.2";
	ck_assert(asks_again_after(ages[_i].want_s * NS_PER_S));
	TURN_UNTIL(strcmp(addresses(), "192.0.2.2:5432") == 0);
	ck_assert_int_eq(logged("\n"), 0);
}
END_TEST

static const enum mood failures[] = { DENIES, FAILS, ANSWERS /* with nothing */, SAYS_TRUNCATED };

START_TEST(a_failure_keeps_the_last_good_address_and_is_told_once)
{
	dns.v4 = "192.0.2.1";
	watch_and_settle();
	for (int times = 1; times <= 2; times++) {
		dns.v4 = "";
		dns.mood = failures[_i];
		fake_clock_advance(61 * NS_PER_S);
		TURN_UNTIL(logged("warning: db.test:5432: ") == times);
		for (int64_t retry_s = 1; retry_s <= 4; retry_s *= 2)
			asks_again_after(retry_s * NS_PER_S);
		ck_assert_str_eq(addresses(), times == 1 ? "192.0.2.1:5432" : "192.0.2.2:5432");
		ck_assert_int_eq(logged("warning: "), times);
		ck_assert_int_eq(logged("keeping the last"), times);

		dns.v4 = "192.0.2.2";
		dns.mood = ANSWERS;
		fake_clock_advance(30 * NS_PER_S);
		TURN_UNTIL(logged("notice: db.test:5432: ") == times);
		ck_assert_str_eq(addresses(), "192.0.2.2:5432");
		ck_assert_int_eq(logged("\n"), 2 * times);
	}
}
END_TEST

START_TEST(a_name_that_never_had_an_address_is_settled_too)
{
	dns.mood = DENIES;
	watch_and_settle();
	ck_assert_str_eq(addresses(), "");
	ck_assert_int_eq(logged("warning: db.test:5432: cannot look up its address: Domain name not found\n"), 1);
}
END_TEST

START_TEST(failures_are_retried_less_and_less_often)
{
	static const int seconds[] = { 1, 2, 4, 8, 16, 30, 30 };

	dns.mood = DENIES;
	watch_and_settle();
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		ck_assert_msg(asks_again_after(seconds[i] * NS_PER_S), "before %d s", seconds[i]);

	dns.mood = ANSWERS;
	dns.v4 = "192.0.2.1";
	ck_assert(asks_again_after(30 * NS_PER_S));
	TURN_UNTIL(strcmp(addresses(), "192.0.2.1:5432") == 0);
	dns.mood = DENIES;
	ck_assert(asks_again_after(60 * NS_PER_S));
	TURN_UNTIL(logged("warning") == 2);
	ck_assert_msg(asks_again_after(NS_PER_S), "begins at one second again");
}
END_TEST

START_TEST(silence_is_told_after_a_while_and_a_late_answer_is_taken)
{
	dns.mood = SILENT;
	ck_assert_int_eq(resolver_watch(resolver, group, 0, NULL), 0);
	TURN_UNTIL(dns.kept_count == 2);
	ck_assert(!resolver_settled(resolver));
	fake_clock_advance(5 * NS_PER_S + NS_PER_MS);
	TURN_UNTIL(resolver_settled(resolver));
	ck_assert_int_eq(logged("no answer yet"), 1);
	ck_assert_str_eq(addresses(), "");

	dns.mood = ANSWERS;
	dns.v4 = "192.0.2.1";
	for (int i = 0; i < dns.kept_count; i++)
		answer(&dns.kept[i]);
	TURN_UNTIL(strcmp(addresses(), "192.0.2.1:5432") == 0);
	ck_assert_int_eq(logged("notice"), 1);
	ck_assert(asks_again_after(60 * NS_PER_S));
}
END_TEST

static void
cut(struct message *message, int how)
{
	message->length = (size_t)how < message->length ? (size_t)how : message->length;
}

static void
flip(struct message *message, int how)
{
	message->bytes[(size_t)how % message->length] ^= 0xff;
}

static void
point_at_itself(struct message *message, int how)
{
	message->bytes[12] = 0xc0;
	message->bytes[13] = (uint8_t)how;
}

static void
scramble(struct message *message, int how)
{
	for (size_t i = 2; i < message->length; i++)
		message->bytes[i] = (uint8_t)(message->bytes[i] + how * 31 + (int)i * how);
}

static void (*const spoilers[])(struct message *, int) = { cut, flip, point_at_itself, scramble };
enum { SPOILERS = 4, HOWS = 60 };

START_TEST(a_spoilt_answer_does_no_harm)
{
	dns.v4 = "192.0.2.1";
	dns.v6 = "2001:db8::1";
	dns.mood = SPOILS;
	dns.spoil = spoilers[_i % SPOILERS];
	dns.how = _i / SPOILERS;
	watch_and_settle();

	dns.mood = ANSWERS;
	dns.v4 = "192.0.2.2";
	dns.v6 = "";
	fake_clock_advance(301 * NS_PER_S);
	TURN_UNTIL(strcmp(addresses(), "192.0.2.2:5432") == 0);
}
END_TEST

START_TEST(a_name_of_the_hosts_file_needs_no_server)
{
	strcpy(settings.targets[0].host, "localhost");
	watch_and_settle();
	ck_assert(strstr(addresses(), "127.0.0.1:5432") != NULL || strstr(addresses(), "[::1]:5432") != NULL);
	ck_assert_int_eq(dns.asked, 0);
}
END_TEST

START_TEST(a_name_that_cannot_be_one_fails_like_any_other)
{
	memset(settings.targets[0].host, 'x', HOST_TEXT_MAX - 1);
	watch_and_settle();
	ck_assert_str_eq(addresses(), "");
	ck_assert_int_eq(logged("warning"), 1);
}
END_TEST

START_TEST(every_name_must_have_had_an_answer)
{
	dns.v4 = "192.0.2.1";
	settings.target_count = TARGETS_MAX;
	group_free(group);
	group = group_new(&settings);
	for (int i = 0; i < TARGETS_MAX; i++) {
		settings.targets[i] = settings.targets[0];
		ck_assert_int_eq(resolver_watch(resolver, group, i, NULL), 0);
	}
	TURN_UNTIL(resolver_settled(resolver));
	for (int i = 0; i < TARGETS_MAX; i++) {
		struct addr copy[ADDRESSES_MAX];

		ck_assert_int_eq(group_addresses(group, i, copy), 1);
	}
}
END_TEST

START_TEST(it_may_end_while_it_waits)
{
	dns.mood = SILENT;
	ck_assert_int_eq(resolver_watch(resolver, group, 0, NULL), 0);
	TURN_UNTIL(dns.kept_count == 2);
	resolver_free(resolver);
	resolver = NULL;
	dns.mood = ANSWERS;
	dns.v4 = "192.0.2.1";
	for (int i = 0; i < dns.kept_count; i++)
		answer(&dns.kept[i]);
	fake_clock_advance(400 * NS_PER_S);
	loop_turn(loop, 0);
	ck_assert_str_eq(addresses(), "");
}
END_TEST

START_TEST(servers_that_are_none_are_refused)
{
	errno = 0;
	ck_assert_ptr_null(resolver_new(loop, "not an address"));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upstream/resolver");
	TCase *tcase = tcase_create("names");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, both_families_are_found_and_get_the_port);
	tcase_add_test(tcase, one_family_is_enough);
	tcase_add_test(tcase, a_long_answer_is_cut);
	tcase_add_loop_test(tcase, an_answer_is_asked_for_again_when_it_has_aged, 0, sizeof(ages) / sizeof(ages[0]));
	tcase_add_loop_test(
	    tcase, a_failure_keeps_the_last_good_address_and_is_told_once, 0, sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tcase, a_name_that_never_had_an_address_is_settled_too);
	tcase_add_test(tcase, failures_are_retried_less_and_less_often);
	tcase_add_test(tcase, silence_is_told_after_a_while_and_a_late_answer_is_taken);
	tcase_add_loop_test(tcase, a_spoilt_answer_does_no_harm, 0, SPOILERS * HOWS);
	tcase_add_test(tcase, a_name_of_the_hosts_file_needs_no_server);
	tcase_add_test(tcase, a_name_that_cannot_be_one_fails_like_any_other);
	tcase_add_test(tcase, every_name_must_have_had_an_answer);
	tcase_add_test(tcase, it_may_end_while_it_waits);
	tcase_add_test(tcase, servers_that_are_none_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
