/* SPDX-License-Identifier: MIT */
#include "proxy/admission.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"

#define NOON (1000 * NS_PER_S)

enum { THREADS = 4, ROUNDS = 40000, AT_MOST = 2, LISTENERS = 2 };

static struct settings settings;
static struct admission *admission;
static int64_t now;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.pair_count = LISTENERS;
	now = NOON;
	admission = NULL;
}

static void
teardown(void)
{
	admission_free(admission);
}

static void
list(struct network_list *list, const char *text)
{
	char bytes[128];
	struct text unused;

	text_init(&unused, bytes, sizeof(bytes));
	ck_assert(network_parse(&list->networks[list->count++], text, &unused));
}

static void
begin(void)
{
	admission = admission_new(&settings, 1);
	ck_assert_ptr_nonnull(admission);
}

static enum conn_event
ask(int listener, const char *source, struct admission_pass *pass)
{
	struct addr client = { .any.sa_family = AF_UNIX }, local = client;
	struct flow flow;

	if (source != NULL) {
		ck_assert(addr_parse_ip(&client, source));
		local.any.sa_family = AF_INET;
	}
	flow_set(&flow, &client, &local);
	return admission_ask(admission, listener, &flow, now, pass);
}

/* What becomes of one whose pass nobody asks for. */
static enum conn_event
come(int listener, const char *source)
{
	struct admission_pass pass;

	return ask(listener, source, &pass);
}

static int
come_until_denied(int listener, const char *source, enum conn_event denial)
{
	int count = 0;
	enum conn_event event;

	while ((event = come(listener, source)) == EV_NONE)
		ck_assert_int_lt(++count, 100);
	ck_assert_int_eq(event, denial);
	return count;
}

START_TEST(without_limits_everybody_is_let_in_and_nothing_is_counted)
{
	struct admission_pass pass;

	begin();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(ask(0, "192.0.2.1", &pass), EV_NONE);
	ck_assert(!pass.has_source && !pass.has_listener && !pass.source_missed);
}
END_TEST

static const struct {
	const char *allow, *deny, *source;
	enum conn_event want;
} lists[] = {
	{ NULL, "10.0.0.0/8", "10.1.2.3", EV_DENIED_ACL }, { NULL, "10.0.0.0/8", "11.1.2.3", EV_NONE },
	{ NULL, "10.0.0.0/8", "::1", EV_NONE }, { "10.0.0.0/8", NULL, "10.1.2.3", EV_NONE },
	{ "10.0.0.0/8", NULL, "11.1.2.3", EV_DENIED_ACL }, { "10.0.0.0/8", NULL, "::1", EV_DENIED_ACL },
	{ "10.0.0.0/8", NULL, "::ffff:10.1.2.3", EV_NONE }, { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", EV_DENIED_ACL },
	{ "10.0.0.0/8", "10.1.0.0/16", "10.2.2.3", EV_NONE },
	{ "10.1.2.3", "10.0.0.0/8", "10.1.2.3", EV_DENIED_ACL }, /* deny wins, however small what is allowed */
	{ "0.0.0.0/0", NULL, "2001:db8::1", EV_DENIED_ACL }, { "::/0", NULL, "10.1.2.3", EV_DENIED_ACL },
	{ "10.0.0.0/8", "0.0.0.0/0", NULL, EV_NONE }, /* a Unix client has no address */
};

START_TEST(lists_say_who_may_come)
{
	if (lists[_i].allow != NULL)
		list(&settings.allow, lists[_i].allow);
	if (lists[_i].deny != NULL)
		list(&settings.deny, lists[_i].deny);
	begin();
	ck_assert_int_eq(come(0, lists[_i].source), lists[_i].want);
}
END_TEST

START_TEST(any_network_of_a_list_counts)
{
	list(&settings.allow, "10.0.0.0/8");
	list(&settings.allow, "2001:db8::/32");
	list(&settings.deny, "10.0.0.1");
	list(&settings.deny, "10.0.0.2");
	begin();
	ck_assert_int_eq(come(0, "10.0.0.1"), EV_DENIED_ACL);
	ck_assert_int_eq(come(0, "10.0.0.2"), EV_DENIED_ACL);
	ck_assert_int_eq(come(0, "10.0.0.3"), EV_NONE);
	ck_assert_int_eq(come(0, "2001:db8::3"), EV_NONE);
	ck_assert_int_eq(come(0, "2001:db9::3"), EV_DENIED_ACL);
}
END_TEST

START_TEST(a_source_is_limited_over_all_listeners)
{
	settings.max_per_source = 2;
	begin();
	ck_assert_int_eq(come(0, "192.0.2.1"), EV_NONE);
	ck_assert_int_eq(come(1, "192.0.2.1"), EV_NONE);
	ck_assert_int_eq(come(0, "192.0.2.1"), EV_DENIED_LIMIT);
	ck_assert_int_eq(come(0, "192.0.2.2"), EV_NONE);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(come(0, NULL), EV_NONE);
}
END_TEST

START_TEST(a_listener_is_limited_whoever_comes)
{
	settings.max_per_listener = 3;
	begin();
	ck_assert_int_eq(come(0, "192.0.2.1"), EV_NONE);
	ck_assert_int_eq(come(0, "::1"), EV_NONE);
	ck_assert_int_eq(come(0, NULL), EV_NONE);
	ck_assert_int_eq(come(0, "192.0.2.2"), EV_DENIED_LIMIT);
	ck_assert_int_eq(come(0, NULL), EV_DENIED_LIMIT);
	ck_assert_int_eq(come(1, "192.0.2.1"), EV_NONE);
}
END_TEST

START_TEST(whoever_leaves_makes_room_once)
{
	struct admission_pass pass;

	settings.max_per_source = settings.max_per_listener = 1;
	begin();
	ck_assert_int_eq(ask(0, "192.0.2.1", &pass), EV_NONE);
	admission_leave(admission, &pass);
	admission_leave(admission, &pass);
	ck_assert_int_eq(come_until_denied(0, "192.0.2.1", EV_DENIED_LIMIT), 1);
}
END_TEST

START_TEST(a_rate_is_a_burst_and_then_so_many_a_second)
{
	settings.rate_per_source = 4;
	begin();
	ck_assert_int_eq(come_until_denied(0, "192.0.2.1", EV_DENIED_RATE), 4);
	ck_assert_int_eq(come_until_denied(1, "192.0.2.2", EV_DENIED_RATE), 4);
	now += NS_PER_S / 2;
	ck_assert_int_eq(come_until_denied(1, "192.0.2.1", EV_DENIED_RATE), 2);
	ck_assert_int_eq(come(0, NULL), EV_NONE);
}
END_TEST

START_TEST(a_listener_has_a_rate_of_its_own)
{
	settings.rate_per_listener = 3;
	begin();
	ck_assert_int_eq(come(0, "192.0.2.1"), EV_NONE);
	ck_assert_int_eq(come(0, NULL), EV_NONE);
	ck_assert_int_eq(come_until_denied(0, "192.0.2.2", EV_DENIED_RATE), 1);
	ck_assert_int_eq(come(0, NULL), EV_DENIED_RATE);
	ck_assert_int_eq(come_until_denied(1, "192.0.2.2", EV_DENIED_RATE), 3);
}
END_TEST

START_TEST(who_is_denied_costs_the_others_nothing)
{
	settings.max_per_source = 5;
	settings.max_per_listener = 6;
	settings.rate_per_source = 2;
	settings.rate_per_listener = 4;
	begin();
	ck_assert_int_eq(come_until_denied(0, "192.0.2.1", EV_DENIED_RATE), 2);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(come(0, "192.0.2.1"), EV_DENIED_RATE);
	/* … neither the listener's tokens nor its places */
	ck_assert_int_eq(come_until_denied(0, "192.0.2.2", EV_DENIED_RATE), 2);
	/* … nor their own tokens, when it is the listener that has none */
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(come(0, "192.0.2.3"), EV_DENIED_RATE);
	ck_assert_int_eq(come_until_denied(1, "192.0.2.3", EV_DENIED_RATE), 2);
	now += NS_PER_S;
	ck_assert_int_eq(come_until_denied(0, "192.0.2.4", EV_DENIED_LIMIT), 2);
	/* … and a listener that is full costs a source neither place nor token */
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(come(0, "192.0.2.5"), EV_DENIED_LIMIT);
	ck_assert_int_eq(come_until_denied(1, "192.0.2.5", EV_DENIED_RATE), 2);
}
END_TEST

START_TEST(who_cannot_be_counted_is_let_in)
{
	struct admission_pass pass;
	char source[] = "192.0.2.0";
	int missed = 0;

	settings.max_per_source = 1;
	settings.max_per_listener = 100;
	begin(); /* for one connection, which is eight sources */
	for (int i = 0; i < 10; i++) {
		source[8] = (char)('0' + i);
		ck_assert_int_eq(ask(0, source, &pass), EV_NONE);
		ck_assert_int_eq(pass.has_source, !pass.source_missed);
		ck_assert(pass.has_listener);
		missed += pass.source_missed;
	}
	ck_assert_int_eq(missed, 2);
}
END_TEST

struct crowd {
	_Atomic int open, most_open;
};

static void *
crowd_in(void *argument)
{
	struct crowd *crowd = argument;
	struct admission_pass pass;

	for (int i = 0; i < ROUNDS; i++) {
		if (ask(0, NULL, &pass) != EV_NONE)
			continue;
		int open = ++crowd->open, most = crowd->most_open;

		while (open > most && !atomic_compare_exchange_weak(&crowd->most_open, &most, open))
			continue;
		if (i % 16 == 0)
			sched_yield();
		crowd->open--;
		admission_leave(admission, &pass);
	}
	return NULL;
}

START_TEST(threads_together_never_exceed_a_listeners_limit)
{
	pthread_t threads[THREADS];
	struct crowd crowd = { 0 };

	settings.max_per_listener = AT_MOST;
	begin();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd_in, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_gt(crowd.most_open, 0);
	ck_assert_int_le(crowd.most_open, AT_MOST);
	ck_assert_int_eq(come_until_denied(0, NULL, EV_DENIED_LIMIT), AT_MOST);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/admission");
	TCase *tcase = tcase_create("admission");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_limits_everybody_is_let_in_and_nothing_is_counted);
	tcase_add_loop_test(tcase, lists_say_who_may_come, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(tcase, any_network_of_a_list_counts);
	tcase_add_test(tcase, a_source_is_limited_over_all_listeners);
	tcase_add_test(tcase, a_listener_is_limited_whoever_comes);
	tcase_add_test(tcase, whoever_leaves_makes_room_once);
	tcase_add_test(tcase, a_rate_is_a_burst_and_then_so_many_a_second);
	tcase_add_test(tcase, a_listener_has_a_rate_of_its_own);
	tcase_add_test(tcase, who_is_denied_costs_the_others_nothing);
	tcase_add_test(tcase, who_cannot_be_counted_is_let_in);
	tcase_add_test(tcase, threads_together_never_exceed_a_listeners_limit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
