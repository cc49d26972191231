/* SPDX-License-Identifier: MIT */
/* What goes through a pipe, and what the record says of it. */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

enum { MUCH = 1000000 };

static struct actor it;
static struct fake_socket *client, *upstream;

static void
setup(void)
{
	scene_setup();
	scene.settings.datapath = WISH_AUTO;
}

static void
begin(void)
{
	it = scene_establishes();
	client = scene_socket(&it, LEG_CLIENT);
	upstream = scene_socket(&it, LEG_UPSTREAM);
}

static void
turns(int count)
{
	while (count-- > 0)
		scene_turn();
}

static enum datapath
path_from(enum leg_name leg)
{
	return (enum datapath)scene_record(&it)->legs[leg].datapath;
}

/* The upstream sends much, the client takes some and then nothing: a pipe is held. */
static void
stall_in_a_pipe(void)
{
	begin();
	client->room = 400000;
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	turns(4);
	ck_assert(it.conn->pumps[LEG_UPSTREAM].in_pipe);
	ck_assert_uint_eq(client->sent, 400000);
}

START_TEST(each_direction_has_its_own_way)
{
	begin();
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_COPY);
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	scene_sends(&it, LEG_CLIENT, 100);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert(client->in_order);
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_SPLICE);
	ck_assert_int_eq(path_from(LEG_CLIENT), DATAPATH_COPY);
	ck_assert_uint_gt(scene_total(TOTAL_SPLICED), MUCH / 2);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_UPSTREAM].received, MUCH);
	ck_assert_uint_eq(scene_record(&it)->bytes[LEG_CLIENT].sent, MUCH);
}
END_TEST

START_TEST(it_goes_back_when_less_comes)
{
	begin();
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	turns(8);
	for (int i = 0; i < 3; i++) {
		scene_sends(&it, LEG_UPSTREAM, 10);
		turns(1);
	}
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_COPY);
	ck_assert_uint_eq(client->sent, MUCH + 30);
	ck_assert(client->in_order);
}
END_TEST

START_TEST(what_a_pipe_holds_is_sent_when_there_is_room)
{
	stall_in_a_pipe();
	ck_assert_uint_le(upstream->given - client->sent, PUMP_RUN_MAX);
	scene_has_room(&it, LEG_CLIENT, FAKE_ROOM);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert(client->in_order);
	ck_assert_uint_eq(pipes_lent(scene.bench.tools.pipes), 0);
}
END_TEST

START_TEST(a_fin_waits_for_what_a_pipe_holds)
{
	stall_in_a_pipe();
	scene_finishes(&it, LEG_UPSTREAM);
	turns(2);
	ck_assert(!client->fin_sent);
	scene_has_room(&it, LEG_CLIENT, FAKE_ROOM);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert(client->fin_sent && client->in_order);
}
END_TEST

START_TEST(a_rst_waits_for_what_a_pipe_holds)
{
	stall_in_a_pipe();
	scene_fails(&it, LEG_UPSTREAM, ECONNRESET);
	turns(2);
	ck_assert(!client->aborted);
	scene_has_room(&it, LEG_CLIENT, FAKE_ROOM);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	scene_after(NS_PER_S);
	ck_assert(client->aborted && client->in_order && !client->fin_sent);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
}
END_TEST

/* The splice is told of the reset, once; recv says 0 then, and that is no FIN. */
START_TEST(a_reset_that_splice_is_told_of_is_no_fin)
{
	scene.settings.datapath = WISH_SPLICE;
	begin();
	scene_sends(&it, LEG_UPSTREAM, 100);
	turns(1);
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_SPLICE);
	fake_fail(it.conn->legs[LEG_UPSTREAM].watch.fd, ECONNRESET);
	scene_edge(&it, LEG_UPSTREAM, EPOLLIN);
	turns(2);
	scene_after(NS_PER_S);
	ck_assert(client->aborted && !client->fin_sent);
	scene_check_close(&it, WHY_UPSTREAM_RESET, BY_UPSTREAM);
}
END_TEST

/* The splice to it had moved something and keeps the reset to itself; the next call says EPIPE, as behind a FIN. */
START_TEST(a_reset_that_a_splice_keeps_to_itself_is_no_fin)
{
	bool finished = _i == 1;

	stall_in_a_pipe();
	client->fin_came = finished;
	fake_fail(it.client, EPIPE);
	scene_edge(&it, LEG_CLIENT, EPOLLOUT);
	turns(3);
	scene_after(NS_PER_S);
	scene_check_close(&it, finished ? WHY_CLIENT_ABANDONED : WHY_CLIENT_RESET, BY_CLIENT);
	ck_assert_int_eq(scene_record(&it)->legs[LEG_CLIENT].fin_received_us == RECORD_UNKNOWN, !finished);
	ck_assert_int_ne(scene_record(&it)->legs[LEG_CLIENT].rst_received_us, RECORD_UNKNOWN);
}
END_TEST

START_TEST(what_a_pipe_holds_for_a_lost_side_is_undelivered)
{
	stall_in_a_pipe();
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	turns(3);
	ck_assert_uint_eq(pipes_open(scene.bench.tools.pipes), 0);
	scene_check_close(&it, WHY_CLIENT_RESET, BY_CLIENT);
}
END_TEST

START_TEST(before_an_urgent_byte_recv_is_asked)
{
	scene.settings.datapath = WISH_SPLICE;
	begin();
	upstream->urgent = true;
	scene_sends(&it, LEG_UPSTREAM, 1);
	scene_finishes(&it, LEG_UPSTREAM);
	turns(2);
	ck_assert_uint_eq(client->sent, 1);
	ck_assert(client->fin_sent);
}
END_TEST

START_TEST(without_pipes_all_is_copied)
{
	fake_pipes_refused = true;
	begin();
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_COPY);
	ck_assert_uint_gt(scene_total(TOTAL_PIPE_SHORTAGES), 0);
	ck_assert_uint_eq(scene_total(TOTAL_SPLICED), 0);
}
END_TEST

static const int refusals[] = { EINVAL, ENOSYS, EPERM, ENOMEM };

START_TEST(where_splice_is_refused_all_is_copied)
{
	begin();
	upstream->splice_error = refusals[_i];
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert(client->in_order);
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_COPY);
	ck_assert_int_eq(scene_record(&it)->state, CONN_ESTABLISHED);
}
END_TEST

START_TEST(on_request_nothing_is_spliced)
{
	scene.settings.datapath = WISH_COPY;
	begin();
	scene_sends(&it, LEG_UPSTREAM, MUCH);
	turns(8);
	ck_assert_uint_eq(client->sent, MUCH);
	ck_assert_ptr_null(scene.bench.tools.pipes);
	ck_assert_int_eq(path_from(LEG_UPSTREAM), DATAPATH_COPY);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/conn: splice");
	TCase *tcase = tcase_create("splice");

	tcase_add_checked_fixture(tcase, setup, scene_teardown);
	tcase_add_test(tcase, each_direction_has_its_own_way);
	tcase_add_test(tcase, it_goes_back_when_less_comes);
	tcase_add_test(tcase, what_a_pipe_holds_is_sent_when_there_is_room);
	tcase_add_test(tcase, a_fin_waits_for_what_a_pipe_holds);
	tcase_add_test(tcase, a_rst_waits_for_what_a_pipe_holds);
	tcase_add_test(tcase, a_reset_that_splice_is_told_of_is_no_fin);
	tcase_add_loop_test(tcase, a_reset_that_a_splice_keeps_to_itself_is_no_fin, 0, 2);
	tcase_add_test(tcase, what_a_pipe_holds_for_a_lost_side_is_undelivered);
	tcase_add_test(tcase, before_an_urgent_byte_recv_is_asked);
	tcase_add_test(tcase, without_pipes_all_is_copied);
	tcase_add_loop_test(tcase, where_splice_is_refused_all_is_copied, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tcase, on_request_nothing_is_spliced);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
