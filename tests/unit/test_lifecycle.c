/* SPDX-License-Identifier: MIT */
#include "proxy/lifecycle.h"
#include "support/suite.h"

/* Where a story ended. */
struct end {
	enum conn_state state;
	enum close_reason why;
};

static struct end
play(const enum conn_event *events, size_t count)
{
	struct end at = { CONN_ACCEPTED, WHY_NONE };

	for (size_t i = 0; i < count; i++) {
		const struct transition *step = lifecycle_next(at.state, events[i]);

		ck_assert_msg(step != NULL, "event %d impossible in %s", events[i], conn_state_text(at.state));
		at = (struct end){ step->to, lifecycle_why(at.why, step->why) };
	}
	return at;
}
#define PLAY(...) \
	play((enum conn_event[]){ __VA_ARGS__ }, sizeof((enum conn_event[]){ __VA_ARGS__ }) / sizeof(enum conn_event))

static void
check_end(struct end end, enum conn_state state, enum close_reason why)
{
	ck_assert_str_eq(conn_state_text(end.state), conn_state_text(state));
	ck_assert_int_eq(end.why, why);
}

START_TEST(client_may_finish_first)
{
	check_end(
	    PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_UPSTREAM_FIN, EV_FLUSHED), CONN_CLOSED, WHY_CLIENT_FIN);
}
END_TEST

START_TEST(a_client_may_be_refused_on_arrival_and_only_then)
{
	static const enum conn_event denials[] = { EV_DENIED_ACL, EV_DENIED_LIMIT, EV_DENIED_RATE };
	static const enum close_reason whys[] = { WHY_DENIED_ACL, WHY_DENIED_LIMIT, WHY_DENIED_RATE };

	check_end(PLAY(denials[_i]), CONN_CLOSED, whys[_i]);
	ck_assert_int_eq(lifecycle_next(CONN_ACCEPTED, denials[_i])->action, DO_ABORT);
	for (int state = CONN_ACCEPTED + 1; state < CONN_STATES; state++)
		ck_assert_ptr_null(lifecycle_next(state, denials[_i]));
}
END_TEST

START_TEST(only_a_reset_aborts_while_connecting)
{
	ck_assert_ptr_null(lifecycle_next(CONN_CONNECTING, EV_CLIENT_FIN));
	check_end(PLAY(EV_ROUTED, EV_CLIENT_RST), CONN_CLOSED, WHY_CLIENT_ABORT_CONNECTING);
}
END_TEST

START_TEST(a_client_that_says_first_who_it_is_goes_on_as_others_do)
{
	check_end(PLAY(EV_SNIFF, EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_UPSTREAM_FIN, EV_FLUSHED), CONN_CLOSED,
	    WHY_CLIENT_FIN);
	check_end(PLAY(EV_SNIFF, EV_CLIENT_RST), CONN_CLOSED, WHY_CLIENT_ABORT_CONNECTING);
	check_end(PLAY(EV_SNIFF, EV_HEADER_INVALID), CONN_CLOSED, WHY_PROXY_HEADER_INVALID);
	check_end(PLAY(EV_SNIFF, EV_HEADER_TIMEOUT), CONN_CLOSED, WHY_PROXY_HEADER_TIMEOUT);
}
END_TEST

START_TEST(a_client_that_finishes_and_never_spoke_ends_in_order)
{
	check_end(PLAY(EV_SNIFF, EV_CLIENT_FIN, EV_FLUSHED), CONN_CLOSED, WHY_CLIENT_FIN);
	check_end(PLAY(EV_SNIFF, EV_CLIENT_FIN, EV_CLIENT_RST, EV_FLUSHED), CONN_CLOSED, WHY_CLIENT_ABANDONED);
}
END_TEST

START_TEST(a_reset_waits_for_the_bytes_before_it)
{
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_UPSTREAM_RST), CONN_FLUSHING, WHY_UPSTREAM_RESET);
}
END_TEST

START_TEST(the_first_cause_stays)
{
	check_end(
	    PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_RST, EV_UPSTREAM_RST, EV_FLUSH), CONN_CLOSED, WHY_CLIENT_RESET);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_RST, EV_SHUTDOWN), CONN_CLOSED, WHY_CLIENT_RESET);
}
END_TEST

START_TEST(closing_before_the_answer_is_abandoning_it)
{
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_CLIENT_RST), CONN_FLUSHING, WHY_CLIENT_ABANDONED);
	/* … also when the upstream had finished before the RST came back */
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_UPSTREAM_FIN, EV_CLIENT_RST), CONN_FLUSHING,
	    WHY_CLIENT_ABANDONED);
}
END_TEST

START_TEST(an_end_that_was_not_acknowledged_is_not_orderly)
{
	check_end(
	    PLAY(EV_ROUTED, EV_CONNECTED, EV_UPSTREAM_FIN, EV_CLIENT_FIN, EV_FLUSH), CONN_CLOSED, WHY_FLUSH_TIMEOUT);
}
END_TEST

START_TEST(an_admin_who_ends_it_in_order_is_the_first_cause)
{
	check_end(
	    PLAY(EV_ROUTED, EV_CONNECTED, EV_KILL_FIN, EV_CLIENT_FIN, EV_UPSTREAM_FIN), CONN_FLUSHING, WHY_ADMIN_KILL);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_KILL_FIN, EV_FLUSHED), CONN_CLOSED, WHY_ADMIN_KILL);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_KILL_FIN, EV_CLIENT_RST), CONN_FLUSHING, WHY_ADMIN_KILL);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_KILL_FIN, EV_FLUSH), CONN_CLOSED, WHY_ADMIN_KILL);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_KILL_FIN, EV_KILL_RST), CONN_CLOSED, WHY_ADMIN_KILL);
}
END_TEST

START_TEST(a_kill_by_fin_hides_no_reset)
{
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_UPSTREAM_RST, EV_KILL_FIN), CONN_FLUSHING, WHY_UPSTREAM_RESET);
	ck_assert_int_eq(lifecycle_next(CONN_FLUSHING, EV_KILL_FIN)->action, DO_NOTHING);
	ck_assert_int_eq(lifecycle_next(CONN_CONNECTING, EV_KILL_FIN)->action, DO_ABORT);
}
END_TEST

START_TEST(an_orderly_end_that_an_admin_cuts_is_the_admins)
{
	check_end(
	    PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_UPSTREAM_FIN, EV_KILL_RST), CONN_CLOSED, WHY_ADMIN_KILL);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_FIN, EV_UPSTREAM_FIN, EV_KILL_FIN, EV_FLUSHED), CONN_CLOSED,
	    WHY_CLIENT_FIN);
	check_end(PLAY(EV_ROUTED, EV_CONNECTED, EV_CLIENT_RST, EV_KILL_RST), CONN_CLOSED, WHY_CLIENT_RESET);
}
END_TEST

START_TEST(ends_in_one_turn_have_no_initiator)
{
	ck_assert_int_eq(close_initiator(WHY_CLIENT_FIN, true), BY_NOBODY);
	ck_assert_int_eq(close_initiator(WHY_CLIENT_FIN, false), BY_CLIENT);
	ck_assert_int_eq(close_initiator(WHY_IDLE_TIMEOUT, true), BY_PROXY);
}
END_TEST

/* From here on the table as data: every cell, looked at once. */
#define EACH_CELL(state, event, step) \
	for (int state = 0; state < CONN_STATES; state++) \
		for (int event = 0; event < EV_COUNT; event++) \
			for (const struct transition *step = lifecycle_next(state, event); step != NULL; step = NULL)

START_TEST(every_state_can_be_reached)
{
	bool reached[CONN_STATES] = { [CONN_ACCEPTED] = true };

	for (int round = 0; round < CONN_STATES; round++)
		EACH_CELL(state, event, step)
			reached[step->to] |= reached[state];
	for (int state = 0; state < CONN_STATES; state++)
		ck_assert_msg(reached[state], "%s", conn_state_text(state));
}
END_TEST

START_TEST(every_event_can_happen)
{
	bool seen[EV_COUNT] = { false };

	EACH_CELL(state, event, step)
		seen[event] = true;
	for (int event = 0; event < EV_COUNT; event++)
		ck_assert_msg(seen[event], "event %d", event);
}
END_TEST

/* established alone may last; these timers cannot be switched off. */
START_TEST(every_other_waiting_state_has_a_bounded_way_out)
{
	static const enum conn_event timers[] = { EV_HEADER_TIMEOUT, EV_CONNECT_TIMEOUT, EV_HALF_CLOSE, EV_FLUSH };

	for (int state = CONN_SNIFFING; state < CONN_CLOSED; state++) {
		int at = state;

		for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
			const struct transition *step = lifecycle_next(at, timers[i]);
			at = step == NULL ? at : (int)step->to;
		}
		ck_assert_msg(at == (state == CONN_ESTABLISHED ? state : CONN_CLOSED), "%s", conn_state_text(state));
	}
}
END_TEST

START_TEST(every_ending_has_a_reason)
{
	EACH_CELL(state, event, step)
		if (step->to == CONN_CLOSED || step->to == CONN_FLUSHING)
			ck_assert_msg(step->why != WHY_NONE || state == CONN_FLUSHING, "event %d in %s", event,
			    conn_state_text(state));
}
END_TEST

START_TEST(every_reason_can_happen)
{
	bool left_by[WHY_COUNT] = { [WHY_NONE] = true };
	/* conn_step leaves it where the table has an empty cell. */
	static const enum close_reason elsewhere[] = { WHY_INTERNAL_ERROR };

	EACH_CELL(state, event, step)
		left_by[step->why] = true;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		ck_assert_msg(!left_by[elsewhere[i]], "%s is in the table", close_meanings[elsewhere[i]].text);
		left_by[elsewhere[i]] = true;
	}
	for (int why = 0; why < WHY_COUNT; why++)
		ck_assert_msg(left_by[why], "%s", close_meanings[why].text);
}
END_TEST

START_TEST(an_admin_and_the_end_of_the_process_can_end_everything)
{
	static const struct {
		enum conn_event event;
		enum close_reason why;
	} ends[] = { { EV_KILL_RST, WHY_ADMIN_KILL }, { EV_DRAIN, WHY_ADMIN_DRAIN }, { EV_SHUTDOWN, WHY_SHUTDOWN } };

	for (int state = 0; state < CONN_CLOSED; state++) {
		ck_assert_int_eq(lifecycle_next(state, ends[_i].event)->to, CONN_CLOSED);
		ck_assert_int_eq(lifecycle_next(state, ends[_i].event)->why, ends[_i].why);
		ck_assert_ptr_nonnull(lifecycle_next(state, EV_KILL_FIN));
	}
}
END_TEST

START_TEST(closed_is_final)
{
	for (int event = 0; event < EV_COUNT; event++)
		ck_assert_ptr_null(lifecycle_next(CONN_CLOSED, event));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/lifecycle");
	TCase *stories = tcase_create("stories");
	TCase *shape = tcase_create("shape");

	tcase_add_test(stories, client_may_finish_first);
	tcase_add_loop_test(stories, a_client_may_be_refused_on_arrival_and_only_then, 0, 3);
	tcase_add_test(stories, only_a_reset_aborts_while_connecting);
	tcase_add_test(stories, a_client_that_says_first_who_it_is_goes_on_as_others_do);
	tcase_add_test(stories, a_client_that_finishes_and_never_spoke_ends_in_order);
	tcase_add_test(stories, a_reset_waits_for_the_bytes_before_it);
	tcase_add_test(stories, the_first_cause_stays);
	tcase_add_test(stories, closing_before_the_answer_is_abandoning_it);
	tcase_add_test(stories, an_end_that_was_not_acknowledged_is_not_orderly);
	tcase_add_test(stories, an_admin_who_ends_it_in_order_is_the_first_cause);
	tcase_add_test(stories, a_kill_by_fin_hides_no_reset);
	tcase_add_test(stories, an_orderly_end_that_an_admin_cuts_is_the_admins);
	tcase_add_test(stories, ends_in_one_turn_have_no_initiator);
	tcase_add_test(shape, every_state_can_be_reached);
	tcase_add_test(shape, every_event_can_happen);
	tcase_add_test(shape, every_other_waiting_state_has_a_bounded_way_out);
	tcase_add_test(shape, every_ending_has_a_reason);
	tcase_add_test(shape, every_reason_can_happen);
	tcase_add_loop_test(shape, an_admin_and_the_end_of_the_process_can_end_everything, 0, 3);
	tcase_add_test(shape, closed_is_final);
	suite_add_tcase(suite, stories);
	suite_add_tcase(suite, shape);
	return suite_main(suite);
}
