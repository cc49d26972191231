/* SPDX-License-Identifier: MIT */
/* From accept to the upstream's answer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "support/scene.h"
#include "support/suite.h"

static struct actor it;

static void
answer_connects(int count, const int *answers)
{
	memcpy(fake_connects.answers, answers, (size_t)count * sizeof(answers[0]));
	fake_connects.answer_count = count;
}
#define ANSWER_CONNECTS(...) answer_connects(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int), (int[]){ __VA_ARGS__ })

static void
check_tried(int number, const char *want)
{
	char text[ADDR_TEXT_MAX];

	ck_assert_int_lt(number, fake_connects.count);
	ck_assert_str_eq(addr_format(&fake_connects.asked[number].to, text, sizeof(text)), want);
}

static void
check_both_aborted(void)
{
	ck_assert(fake_sockets[it.client].aborted);
	ck_assert(scene_socket(&it, LEG_UPSTREAM)->aborted);
}

START_TEST(a_client_gets_its_connect_in_the_turn_it_is_accepted)
{
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	ck_assert_int_eq(fake_connects.count, 1);
	check_tried(0, "192.0.2.1:80");
	ck_assert_uint_eq(scene_record(&it)->attempts, 1);
	ck_assert_int_eq(scene_record(&it)->connect_us, RECORD_UNKNOWN);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].flow.destination.port, 80);
	ck_assert_str_eq(scene_news(), "o");
}
END_TEST

START_TEST(the_record_tells_how_long_the_connect_took)
{
	it = scene_accepts();
	fake_clock_advance(1234 * NS_PER_US);
	scene_connects(&it);
	scene_turn();
	scene_check_state(&it, CONN_ESTABLISHED);
	ck_assert_int_eq(scene_record(&it)->connect_us, 1234);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].tcp_state, TCP_IS_ESTABLISHED);
	ck_assert_str_eq(scene_news(), "oc");
}
END_TEST

START_TEST(an_edge_without_an_answer_is_no_answer)
{
	it = scene_accepts();
	scene_edge(&it, LEG_UPSTREAM, EPOLLHUP);
	scene_turn();
	scene_check_state(&it, CONN_CONNECTING);
}
END_TEST

START_TEST(nothing_is_read_from_the_client_before_the_upstream_is_there)
{
	it = scene_accepts();
	scene_sends(&it, LEG_CLIENT, 100);
	scene_turn();
	ck_assert_uint_eq(fake_sockets[it.client].readable, 100);

	scene_connects(&it);
	scene_turn();
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, 100);
	ck_assert(scene_socket(&it, LEG_UPSTREAM)->in_order);
}
END_TEST

START_TEST(a_byte_that_waits_for_the_upstream_came_when_it_came)
{
	it = scene_accepts();
	scene_sends(&it, LEG_CLIENT, 100);
	scene_after(10 * NS_PER_US);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 10);
	scene_connects(&it);
	scene_after(30 * NS_PER_US);
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, 100);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, 10);
}
END_TEST

START_TEST(a_fin_that_waits_for_the_upstream_is_no_byte)
{
	it = scene_accepts();
	scene_finishes(&it, LEG_CLIENT);
	scene_after(10 * NS_PER_US);
	ck_assert_int_eq(scene_record(&it)->first_client_byte_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(the_connect_deadline_is_met_to_the_nanosecond)
{
	it = scene_accepts();
	scene_after(scene.settings.connect_timeout_ns - 1);
	scene_check_state(&it, CONN_CONNECTING);
	scene_after(1);
	scene_check_close(&it, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->close.error, ETIMEDOUT);
	ck_assert(fake_sockets[it.client].aborted);
	ck_assert_str_eq(scene_news(), "ox");
}
END_TEST

START_TEST(every_target_has_a_connect_deadline_of_its_own)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	it = scene_accepts();
	scene_after(scene.settings.connect_timeout_ns);
	scene_check_state(&it, CONN_CONNECTING);
	check_tried(1, "192.0.2.2:80");
	scene_after(scene.settings.connect_timeout_ns - 1);
	scene_check_state(&it, CONN_CONNECTING);
	scene_after(1);
	scene_check_close(&it, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY);
}
END_TEST

static const struct failure {
	int error;
	enum close_reason why;
	enum close_initiator by;
} failures[] = {
	{ ECONNREFUSED, WHY_UPSTREAM_REFUSED, BY_UPSTREAM },
	{ EHOSTUNREACH, WHY_UPSTREAM_UNREACHABLE, BY_UPSTREAM },
	{ ENETUNREACH, WHY_UPSTREAM_UNREACHABLE, BY_UPSTREAM },
	{ EACCES, WHY_UPSTREAM_UNREACHABLE, BY_UPSTREAM },
	{ ETIMEDOUT, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY },
	{ EADDRNOTAVAIL, WHY_RESOURCE_PORTS, BY_PROXY },
	{ EMFILE, WHY_RESOURCE_FDS, BY_PROXY },
	{ ENFILE, WHY_RESOURCE_FDS, BY_PROXY },
	{ ENOMEM, WHY_RESOURCE_MEMORY, BY_PROXY },
	{ ENOBUFS, WHY_RESOURCE_MEMORY, BY_PROXY },
};
enum { FAILURES = sizeof(failures) / sizeof(failures[0]), LATE_FAILURES = 5 };

static void
check_failure(const struct failure *failure)
{
	scene_check_close(&it, failure->why, failure->by);
	ck_assert_uint_eq(scene_record(&it)->close.error, failure->error);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].error, failure->error);
	ck_assert_msg(fake_sockets[it.client].aborted, "a FIN would look like an answer");
	ck_assert_int_ge(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_FAILURES), 1);
}

START_TEST(a_connect_that_fails_at_once_gives_its_reason)
{
	ANSWER_CONNECTS(-failures[_i].error);
	it = scene_accepts();
	check_failure(&failures[_i]);
}
END_TEST

START_TEST(a_connect_that_fails_later_gives_its_reason)
{
	it = scene_accepts();
	scene_connect_fails(&it, failures[_i].error);
	scene_turn();
	check_failure(&failures[_i]);
}
END_TEST

START_TEST(the_error_of_a_target_is_none_of_what_ends_the_next)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:81");
	it = scene_accepts();
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	conns_shutdown(&scene.bench);
	scene_turn();
	scene_check_close(&it, WHY_SHUTDOWN, BY_ADMIN);
	ck_assert_uint_eq(scene_record(&it)->close.error, 0);
}
END_TEST

START_TEST(the_next_target_is_tried_in_the_same_turn)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:81");
	it = scene_accepts();
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	check_tried(1, "192.0.2.2:81");
	scene_connects(&it);
	scene_turn();
	scene_check_state(&it, CONN_ESTABLISHED);
	ck_assert_uint_eq(scene_record(&it)->attempts, 2);
	ck_assert_uint_eq(record_target(scene_record(&it))->port, 81);
	ck_assert_uint_eq(scene_record(&it)->legs[LEG_UPSTREAM].error, 0);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_ATTEMPTS), 2);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_FAILURES), 1);

	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	ck_assert_uint_eq(scene_record(&it)->close.error, ECONNRESET);
}
END_TEST

START_TEST(when_all_failed_the_last_one_gives_the_reason)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	scene_add_target("192.0.2.3:80");
	ANSWER_CONNECTS(-ECONNREFUSED, -EINPROGRESS, -EHOSTUNREACH);
	it = scene_accepts();
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_UNREACHABLE, BY_UPSTREAM);
	ck_assert_uint_eq(scene_record(&it)->attempts, 3);
}
END_TEST

START_TEST(a_shortage_of_our_own_tries_no_other_target)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	ANSWER_CONNECTS(-EMFILE);
	it = scene_accepts();
	scene_check_close(&it, WHY_RESOURCE_FDS, BY_PROXY);
	ck_assert_int_eq(fake_connects.count, 1);
}
END_TEST

START_TEST(want_of_ports_towards_one_target_leaves_the_others)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	ANSWER_CONNECTS(-EADDRNOTAVAIL);
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	check_tried(1, "192.0.2.2:80");
}
END_TEST

START_TEST(clients_are_spread_over_the_targets)
{
	scene_add_target("192.0.2.1:80");
	scene_add_target("192.0.2.2:80");
	scene_accepts();
	scene_accepts();
	scene_accepts();
	check_tried(0, "192.0.2.1:80");
	check_tried(1, "192.0.2.2:80");
	check_tried(2, "192.0.2.1:80");
}
END_TEST

static void
add_source(const char *text)
{
	addr_parse(&scene.settings.sources[scene.settings.source_count++], text);
}

static void
check_source(int number, const char *want)
{
	char text[ADDR_TEXT_MAX] = "";

	if (fake_connects.asked[number].source.length != 0)
		addr_format(&fake_connects.asked[number].source, text, sizeof(text));
	ck_assert_str_eq(text, want);
}

START_TEST(sources_are_used_in_turn_and_the_next_when_one_has_no_port)
{
	add_source("192.0.2.101:0");
	add_source("[2001:db8::1]:0");
	add_source("192.0.2.102:0");
	ANSWER_CONNECTS(-EINPROGRESS, -EADDRNOTAVAIL);
	scene_accepts();
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	check_source(0, "192.0.2.101:0");
	check_source(1, "192.0.2.102:0");
	check_source(2, "192.0.2.101:0");
	ck_assert_uint_eq(scene_record(&it)->attempts, 1);
}
END_TEST

START_TEST(a_target_of_another_family_is_connected_without_a_source)
{
	add_source("[2001:db8::1]:0");
	scene_accepts();
	check_source(0, "");
}
END_TEST

START_TEST(a_name_without_addresses_is_said_to_have_none)
{
	scene_add_target("db.example");
	it = scene_accepts();
	scene_check_close(&it, WHY_UPSTREAM_DNS, BY_PROXY);
	ck_assert_int_eq(fake_connects.count, 0);
	ck_assert(fake_sockets[it.client].aborted);
	ck_assert_uint_eq(scene_record(&it)->attempts, 0);
}
END_TEST

START_TEST(each_address_of_a_name_is_tried)
{
	struct addr addresses[2];

	addr_parse(&addresses[0], "192.0.2.11:5432");
	addr_parse(&addresses[1], "[2001:db8::12]:5432");
	scene_add_target("db.example");
	scene_begin();
	group_set_addresses(scene.groups[0], 0, addresses, 2);
	ANSWER_CONNECTS(-ENETUNREACH);
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	check_tried(0, "192.0.2.11:5432");
	check_tried(1, "[2001:db8::12]:5432");
}
END_TEST

START_TEST(a_fin_while_connecting_is_passed_on_after_the_connect)
{
	it = scene_accepts();
	scene_sends(&it, LEG_CLIENT, 10);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_check_state(&it, CONN_CONNECTING);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us, 0);

	fake_clock_advance(NS_PER_MS);
	scene_connects(&it);
	scene_turn();
	scene_check_state(&it, CONN_CLIENT_HALF_CLOSED);
	ck_assert_uint_eq(scene_socket(&it, LEG_UPSTREAM)->sent, 10);
	ck_assert(scene_socket(&it, LEG_UPSTREAM)->fin_sent);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_UPSTREAM].fin_sent_us, 1000);
	ck_assert_str_eq(scene_news(), "och");

	scene_sends(&it, LEG_UPSTREAM, 20);
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert_uint_eq(fake_sockets[it.client].sent, 20);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_CLIENT_FIRST);
	ck_assert(scene_record(&it)->close.clean);
}
END_TEST

START_TEST(a_client_that_resets_while_connecting_aborts)
{
	it = scene_accepts();
	scene_sends(&it, LEG_CLIENT, 10);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	check_both_aborted();
	ck_assert_uint_eq(scene_record(&it)->close.error, ECONNRESET);
	ck_assert_int_eq(scene_record(&it)->close.undelivered[LEG_UPSTREAM], 10);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, 0);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].rst_sent_us, RECORD_UNKNOWN);
	/* Linger 0 in syn_sent puts nothing on the wire. */
	ck_assert_int_eq(scene_record(&it)->legs[LEG_UPSTREAM].rst_sent_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(a_client_that_resets_in_the_turn_of_a_refusal_may_have_been_second)
{
	it = scene_accepts();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_connect_fails(&it, ECONNREFUSED);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_NOBODY);
	ck_assert_uint_eq(scene_record(&it)->close.order, ORDER_SAME_TURN);
}
END_TEST

START_TEST(a_client_that_finishes_and_resets_while_connecting_aborts)
{
	it = scene_accepts();
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	check_both_aborted();
}
END_TEST

START_TEST(a_client_lost_while_connecting_is_lost)
{
	it = scene_accepts();
	scene_fails(&it, LEG_CLIENT, ETIMEDOUT);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_LOST, BY_CLIENT);
	check_both_aborted();
}
END_TEST

START_TEST(a_reset_right_behind_the_connect_comes_after_it)
{
	it = scene_accepts();
	scene_connect_fails(&it, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
	ck_assert_int_ge(scene_record(&it)->connect_us, 0);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_FAILURES), 0);
	ck_assert_msg(fake_sockets[it.client].aborted, "the client is told by a RST, too");
	ck_assert_str_eq(scene_news(), "ocx");
}
END_TEST

START_TEST(a_fin_and_a_reset_right_behind_the_connect_are_both_told)
{
	it = scene_accepts();
	fake_fin((int)(scene_socket(&it, LEG_UPSTREAM) - fake_sockets));
	scene_connect_fails(&it, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_UPSTREAM_ABANDONED, BY_UPSTREAM);
	ck_assert_int_ge(scene_record(&it)->legs[LEG_UPSTREAM].fin_received_us, 0);
	ck_assert_int_ge(scene_record(&it)->legs[LEG_UPSTREAM].rst_received_us, 0);
	ck_assert(fake_sockets[it.client].aborted);
}
END_TEST

START_TEST(an_upstream_that_answers_and_ends_with_its_connect_is_heard)
{
	it = scene_accepts();
	scene_socket(&it, LEG_UPSTREAM)->readable = 7;
	fake_fin((int)(scene_socket(&it, LEG_UPSTREAM) - fake_sockets));
	scene_edge(&it, LEG_UPSTREAM, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	scene_turn();
	scene_check_state(&it, CONN_UPSTREAM_HALF_CLOSED);
	ck_assert_uint_eq(fake_sockets[it.client].sent, 7);
	ck_assert(fake_sockets[it.client].fin_sent);
}
END_TEST

START_TEST(a_full_unix_queue_is_tried_again_until_it_has_room)
{
	scene_add_target("unix:/run/app.sock");
	ANSWER_CONNECTS(-EAGAIN, -EAGAIN, 0);
	it = scene_accepts();
	scene_check_state(&it, CONN_CONNECTING);
	for (int looks = 0; fake_connects.count < 3 && looks < 100; looks++)
		scene_after(NS_PER_MS);
	ck_assert_int_eq(fake_connects.count, 3);
	scene_edge(&it, LEG_UPSTREAM, EPOLLOUT);
	scene_turn();
	scene_check_state(&it, CONN_ESTABLISHED);
	ck_assert_uint_eq(scene_record(&it)->attempts, 1);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_ATTEMPTS), 1);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_FAILURES), 0);
}
END_TEST

START_TEST(a_full_unix_queue_ends_at_the_connect_deadline)
{
	scene_add_target("unix:/run/app.sock");
	scene.settings.connect_timeout_ns = 100 * NS_PER_MS;
	for (int i = 0; i < FAKE_CONNECTS; i++)
		fake_connects.answers[i] = -EAGAIN;
	fake_connects.answer_count = FAKE_CONNECTS;
	it = scene_accepts();
	for (int ms = 0; ms < 99; ms++)
		scene_after(NS_PER_MS);
	scene_check_state(&it, CONN_CONNECTING);
	scene_after(NS_PER_MS);
	scene_check_close(&it, WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY);
	ck_assert_uint_eq(scene_record(&it)->attempts, 1);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_ATTEMPTS), 1);
	ck_assert_uint_eq(scene_total(TOTAL_CONNECT_FAILURES), 1);
}
END_TEST

START_TEST(after_a_full_unix_queue_the_next_target_is_tried)
{
	scene_add_target("unix:/run/app.sock");
	scene_add_target("192.0.2.2:80");
	scene.settings.connect_timeout_ns = 3 * NS_PER_MS;
	ANSWER_CONNECTS(-EAGAIN);
	it = scene_accepts();
	scene_after(3 * NS_PER_MS);
	check_tried(1, "192.0.2.2:80");
	scene_check_state(&it, CONN_CONNECTING);
}
END_TEST

START_TEST(a_client_that_cannot_be_watched_ends_as_a_shortage_of_ours)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	fake_sockets[fd] = (struct fake_socket){ .in_use = true, .in_order = true, .state = TCP_IS_ESTABLISHED };
	it = scene_accepts_fd(fd);
	scene_check_close(&it, WHY_RESOURCE_MEMORY, BY_PROXY);
	check_both_aborted();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_connect");
	TCase *first = tcase_create("one target");
	TCase *failing = tcase_create("failures");
	TCase *ends = tcase_create("ends before there is an upstream");

	tcase_add_checked_fixture(first, scene_setup, scene_teardown);
	tcase_add_test(first, a_client_gets_its_connect_in_the_turn_it_is_accepted);
	tcase_add_test(first, the_record_tells_how_long_the_connect_took);
	tcase_add_test(first, an_edge_without_an_answer_is_no_answer);
	tcase_add_test(first, nothing_is_read_from_the_client_before_the_upstream_is_there);
	tcase_add_test(first, a_byte_that_waits_for_the_upstream_came_when_it_came);
	tcase_add_test(first, a_fin_that_waits_for_the_upstream_is_no_byte);
	tcase_add_test(first, the_connect_deadline_is_met_to_the_nanosecond);
	tcase_add_test(first, sources_are_used_in_turn_and_the_next_when_one_has_no_port);
	tcase_add_test(first, a_target_of_another_family_is_connected_without_a_source);
	tcase_add_test(first, a_name_without_addresses_is_said_to_have_none);
	tcase_add_test(first, a_full_unix_queue_is_tried_again_until_it_has_room);
	tcase_add_test(first, a_full_unix_queue_ends_at_the_connect_deadline);
	tcase_add_test(first, a_client_that_cannot_be_watched_ends_as_a_shortage_of_ours);
	tcase_add_checked_fixture(failing, scene_setup, scene_teardown);
	tcase_add_loop_test(failing, a_connect_that_fails_at_once_gives_its_reason, 0, FAILURES);
	tcase_add_loop_test(failing, a_connect_that_fails_later_gives_its_reason, 0, LATE_FAILURES);
	tcase_add_test(failing, every_target_has_a_connect_deadline_of_its_own);
	tcase_add_test(failing, the_error_of_a_target_is_none_of_what_ends_the_next);
	tcase_add_test(failing, the_next_target_is_tried_in_the_same_turn);
	tcase_add_test(failing, when_all_failed_the_last_one_gives_the_reason);
	tcase_add_test(failing, a_shortage_of_our_own_tries_no_other_target);
	tcase_add_test(failing, want_of_ports_towards_one_target_leaves_the_others);
	tcase_add_test(failing, clients_are_spread_over_the_targets);
	tcase_add_test(failing, each_address_of_a_name_is_tried);
	tcase_add_test(failing, after_a_full_unix_queue_the_next_target_is_tried);
	tcase_add_checked_fixture(ends, scene_setup, scene_teardown);
	tcase_add_test(ends, a_fin_while_connecting_is_passed_on_after_the_connect);
	tcase_add_test(ends, a_client_that_resets_while_connecting_aborts);
	tcase_add_test(ends, a_client_that_resets_in_the_turn_of_a_refusal_may_have_been_second);
	tcase_add_test(ends, a_client_that_finishes_and_resets_while_connecting_aborts);
	tcase_add_test(ends, a_client_lost_while_connecting_is_lost);
	tcase_add_test(ends, a_reset_right_behind_the_connect_comes_after_it);
	tcase_add_test(ends, a_fin_and_a_reset_right_behind_the_connect_are_both_told);
	tcase_add_test(ends, an_upstream_that_answers_and_ends_with_its_connect_is_heard);
	suite_add_tcase(suite, first);
	suite_add_tcase(suite, failing);
	suite_add_tcase(suite, ends);
	return suite_main(suite);
}
