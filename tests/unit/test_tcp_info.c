/* SPDX-License-Identifier: MIT */
/* What the kernel counts, on a real connection. */
#include "net/tcp_info.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/socket.h"
#include "support/suite.h"
#include "support/tcp_pair.h"

static int ours, theirs; /* theirs is the one that connected */

static void
setup(void)
{
	tcp_pair(&ours, &theirs);
}

static struct tcp_facts
facts_of(int fd)
{
	struct tcp_facts facts;

	ck_assert(tcp_info_read(fd, &facts));
	return facts;
}

/* Until all that fd sent is acknowledged. */
static void
wait_for_acknowledgement(int fd)
{
	for (int tries = 0; socket_outq(fd) > 0 && tries < 2000; tries++)
		usleep(1000);
	ck_assert_int_eq(socket_outq(fd), 0);
}

START_TEST(whoever_connects_has_its_syn_acknowledged)
{
	ck_assert_uint_eq(facts_of(ours).bytes_acked, 0);
	ck_assert_uint_eq(facts_of(theirs).bytes_acked, 1);
	ck_assert_uint_eq(facts_of(ours).bytes_received, 0);
	ck_assert_uint_eq(facts_of(ours).state, TCP_IS_ESTABLISHED);
	ck_assert_str_eq(tcp_state_text(tcp_info_state(ours)), "established");
}
END_TEST

START_TEST(bytes_count_read_or_not)
{
	ck_assert_int_eq(send(theirs, "hello", 5, 0), 5);
	wait_for_acknowledgement(theirs);
	ck_assert_uint_eq(facts_of(theirs).bytes_acked, 6);
	ck_assert_uint_eq(facts_of(ours).bytes_received, 5);
}
END_TEST

START_TEST(a_fin_counts_one_on_both_sides)
{
	ck_assert_int_eq(send(theirs, "hello", 5, 0), 5);
	shutdown(theirs, SHUT_WR);
	wait_for_acknowledgement(theirs);
	ck_assert_uint_eq(facts_of(theirs).bytes_acked, 1 + 5 + 1);
	ck_assert_uint_eq(facts_of(ours).bytes_received, 5 + 1);
	ck_assert_str_eq(tcp_state_text(facts_of(ours).state), "close_wait");
	ck_assert_str_eq(tcp_state_text(tcp_info_state(theirs)), "fin_wait_2");
}
END_TEST

START_TEST(the_counts_survive_a_reset)
{
	ck_assert_int_eq(send(theirs, "hello", 5, 0), 5);
	wait_for_acknowledgement(theirs);
	socket_abort(theirs);
	ck_assert_uint_eq(facts_of(ours).bytes_received, 5);
	ck_assert_uint_eq(facts_of(ours).state, TCP_IS_CLOSED);
}
END_TEST

START_TEST(what_is_no_tcp_socket_tells_nothing)
{
	struct tcp_facts facts;
	uint32_t length, limit;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert(!tcp_info_read(fd, &facts));
	ck_assert(!tcp_info_queue(fd, &length, &limit));
	ck_assert_uint_eq(tcp_info_state(fd), 0);
	ck_assert(!tcp_info_read(-1, &facts));
	ck_assert_ptr_null(tcp_state_text(0));
	ck_assert_ptr_null(tcp_state_text(12));
	close(fd);
}
END_TEST

START_TEST(a_listener_tells_who_waits)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), clients[2];
	uint32_t length, limit;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(listen(listener, 7), 0);
	getsockname(listener, (struct sockaddr *)&at, &size);
	for (int i = 0; i < 2; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(connect(clients[i], (struct sockaddr *)&at, size), 0);
	}
	ck_assert(tcp_info_queue(listener, &length, &limit));
	ck_assert_uint_eq(length, 2);
	ck_assert_uint_eq(limit, 7);
	close(clients[0]);
	close(clients[1]);
	close(listener);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/tcp_info");
	TCase *tcase = tcase_create("facts");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, whoever_connects_has_its_syn_acknowledged);
	tcase_add_test(tcase, bytes_count_read_or_not);
	tcase_add_test(tcase, a_fin_counts_one_on_both_sides);
	tcase_add_test(tcase, the_counts_survive_a_reset);
	tcase_add_test(tcase, what_is_no_tcp_socket_tells_nothing);
	tcase_add_test(tcase, a_listener_tells_who_waits);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
