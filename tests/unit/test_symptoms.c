/* SPDX-License-Identifier: MIT */
/* What the kernel really says of an end, and what we make of it. */
#include "proxy/symptoms.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/socket.h"
#include "support/suite.h"
#include "support/tcp_pair.h"

static int ours, theirs;
static char byte, much[65536];

static void
setup(void)
{
	tcp_pair(&ours, &theirs);
}

static int
wait_for_error(void)
{
	int error = 0;

	for (int tries = 0; error == 0 && tries < 2000; tries++) {
		usleep(1000);
		error = socket_error(ours);
	}
	return error;
}

static const struct {
	int error;
	enum symptom symptom;
} errors[] = {
	{ ECONNRESET, SYMPTOM_RST },
	{ EPIPE, SYMPTOM_FIN_THEN_RST },
	{ ETIMEDOUT, SYMPTOM_LOST },
	{ EHOSTUNREACH, SYMPTOM_LOST },
	{ ENETUNREACH, SYMPTOM_LOST },
};

START_TEST(errnos_tell_a_reset_from_a_loss)
{
	ck_assert_int_eq(symptom_of_error(errors[_i].error), errors[_i].symptom);
}
END_TEST

static const struct {
	int error;
	enum conn_event event;
} connects[] = {
	{ ECONNREFUSED, EV_REFUSED },
	{ ETIMEDOUT, EV_CONNECT_TIMEOUT },
	{ EHOSTUNREACH, EV_UNREACHABLE },
	{ ENETUNREACH, EV_UNREACHABLE },
	{ EACCES, EV_UNREACHABLE },
	{ EMFILE, EV_NO_FDS },
	{ ENFILE, EV_NO_FDS },
	{ ENOMEM, EV_NO_MEMORY },
	{ ENOBUFS, EV_NO_MEMORY },
	{ ENOSPC, EV_NO_MEMORY },
	{ EADDRNOTAVAIL, EV_NO_PORTS },
};

START_TEST(errnos_of_a_connect_tell_whose_fault_it_is)
{
	ck_assert_int_eq(symptom_of_connect(connects[_i].error), connects[_i].event);
}
END_TEST

START_TEST(a_bare_reset_has_not_finished)
{
	socket_abort(theirs);
	ck_assert_int_eq(symptom_of_error(wait_for_error()), SYMPTOM_RST);
	ck_assert(!symptom_has_finished(ours, 0));
}
END_TEST

START_TEST(a_reset_behind_a_fin_is_told_by_its_errno)
{
	shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(recv(ours, &byte, 1, 0), 0);
	socket_abort(theirs);
	ck_assert_int_eq(symptom_of_error(wait_for_error()), SYMPTOM_FIN_THEN_RST);
}
END_TEST

/* Then the errno says ECONNRESET, and only the kernel's count knows of the FIN. */
START_TEST(a_reset_behind_both_fins_is_told_by_the_count)
{
	ck_assert_int_eq(send(theirs, "x", 1, 0), 1);
	ck_assert_int_eq(recv(ours, &byte, 1, 0), 1);
	shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(recv(ours, &byte, 1, 0), 0);
	while (socket_send(ours, much, sizeof(much)) > 0) /* our FIN waits behind it */
		continue;
	ck_assert_int_eq(socket_shutdown(ours), 0);
	close(theirs);
	ck_assert_int_eq(symptom_of_error(wait_for_error()), SYMPTOM_RST);
	ck_assert(symptom_has_finished(ours, 1));
	ck_assert(!symptom_has_finished(ours, 2));
}
END_TEST

START_TEST(bytes_that_nobody_read_are_no_fin)
{
	ck_assert_int_eq(send(theirs, "hello", 5, 0), 5);
	ck_assert_int_eq(recv(ours, &byte, 1, 0), 1);
	ck_assert(!symptom_has_finished(ours, 1));
}
END_TEST

START_TEST(what_ended_on_both_sides_sends_no_reset_any_more)
{
	struct tcp_facts facts;

	ck_assert(tcp_info_read(ours, &facts) && symptom_may_reset(&facts, false));
	shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(recv(ours, &byte, 1, 0), 0);
	ck_assert(tcp_info_read(ours, &facts) && symptom_may_reset(&facts, true));
	shutdown(ours, SHUT_WR);
	ck_assert_int_eq(recv(theirs, &byte, 1, 0), 0);
	ck_assert(tcp_info_read(ours, &facts) && !symptom_may_reset(&facts, true));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/symptoms");
	TCase *tcase = tcase_create("ends");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, errnos_tell_a_reset_from_a_loss, 0, sizeof(errors) / sizeof(errors[0]));
	tcase_add_loop_test(
	    tcase, errnos_of_a_connect_tell_whose_fault_it_is, 0, sizeof(connects) / sizeof(connects[0]));
	tcase_add_test(tcase, a_bare_reset_has_not_finished);
	tcase_add_test(tcase, a_reset_behind_a_fin_is_told_by_its_errno);
	tcase_add_test(tcase, a_reset_behind_both_fins_is_told_by_the_count);
	tcase_add_test(tcase, bytes_that_nobody_read_are_no_fin);
	tcase_add_test(tcase, what_ended_on_both_sides_sends_no_reset_any_more);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
