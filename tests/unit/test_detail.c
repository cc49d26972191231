/* SPDX-License-Identifier: MIT */
#include "track/detail.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/evidence.h"

static struct settings settings;
static struct track track;
static struct record record;
static char bytes[DETAIL_MAX];

static void
setup(void)
{
	struct addr client, listener, ours, target;

	memset(&settings, 0, sizeof(settings));
	strcpy(settings.upstreams[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "unix:/run/db");
	track = (struct track){ .settings = &settings, .notes = notes_new(1, 4) };
	record_init(&record);
	ck_assert(addr_parse(&client, "198.51.100.7:40000") && addr_parse(&listener, "192.0.2.100:8080"));
	ck_assert(addr_parse(&ours, "192.0.2.100:50000") && addr_parse(&target, "192.0.2.1:80"));
	flow_set(&record.legs[LEG_CLIENT].flow, &client, &listener);
	flow_set(&record.legs[LEG_UPSTREAM].flow, &ours, &target);
	record.target_chosen = true;
	record.attempts = 1;
	record.attempt = (struct record_attempt){ .began_us = 20, .ended_us = 330 };
	record.state = CONN_CLOSED;
	record.opened_ns = 5 * NS_PER_S;
	record.closed_ns = record.opened_ns + 112 * NS_PER_MS;
	record.close = (struct record_close){
		.cause_us = 112000,
		.idle_us = 12000,
		.leg = LEG_NONE,
		.speaker = LEG_CLIENT,
		.last_words = 512,
		.error = ECONNRESET,
	};
}

static void
teardown(void)
{
	notes_free(track.notes);
}

static const char *
detail(enum close_reason why)
{
	struct text text;

	record.close.reason = (uint8_t)why;
	record.close.how = (uint8_t)close_meanings[why].how;
	text_init(&text, bytes, sizeof(bytes));
	detail_write(&text, &track, &record);
	ck_assert(!text.truncated);
	return bytes;
}

START_TEST(every_sentence_asks_only_for_what_there_is)
{
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++) {
		ck_assert_msg(evidence_knows(close_meanings[why].sentence), "%s", close_meanings[why].sentence);
		const char *sentence = detail((enum close_reason)why);
		ck_assert_ptr_null(strpbrk(sentence, "{}"));
		ck_assert_int_eq(sentence[strlen(sentence) - 1], '.');
	}
	ck_assert(!evidence_knows("The {moon} did it."));
	ck_assert(!evidence_knows("The {lost"));
}
END_TEST

START_TEST(a_reset_tells_when_and_what_was_lost)
{
	record.close.undelivered[LEG_UPSTREAM] = 512;
	ck_assert_str_eq(detail(WHY_UPSTREAM_RESET),
	    "The upstream reset the connection 12.0 ms after the client's last 512 bytes; "
	    "512 bytes for the upstream were never acknowledged.");
}
END_TEST

START_TEST(whoever_spoke_last_and_then_reset_is_named_once)
{
	ck_assert_str_eq(detail(WHY_CLIENT_RESET), "The client reset the connection 12.0 ms after its last 512 bytes; "
						   "all that came was delivered.");
}
END_TEST

START_TEST(an_end_that_came_with_the_last_bytes_is_no_time_after_them)
{
	record.close.idle_us = 0;
	ck_assert_str_eq(detail(WHY_CLIENT_FIN),
	    "The client finished first right after its last 512 bytes, and everything was delivered.");
}
END_TEST

START_TEST(losses_both_ways_are_told_apart)
{
	record.close.undelivered[LEG_UPSTREAM] = 1;
	record.close.undelivered[LEG_CLIENT] = 12345;
	ck_assert_str_eq(detail(WHY_CLIENT_ABANDONED),
	    "The client finished, then reset 12.0 ms after its last 512 bytes: it closed before it had everything; "
	    "1 byte for the upstream and 12.3 kB for the client were never acknowledged.");
}
END_TEST

START_TEST(what_is_not_known_is_said_to_be_unknown)
{
	record.close.undelivered[LEG_CLIENT] = RECORD_UNKNOWN;
	ck_assert_ptr_nonnull(strstr(detail(WHY_CLIENT_RESET), "; how much was delivered is not known."));
}
END_TEST

START_TEST(an_end_without_any_payload_says_so)
{
	record.close.speaker = LEG_NONE;
	ck_assert_str_eq(detail(WHY_CLIENT_FIN),
	    "The client finished first before any byte was exchanged, and everything was delivered.");
	ck_assert_str_eq(detail(WHY_CLIENT_RESET), "The client reset the connection before any byte was exchanged.");
}
END_TEST

START_TEST(a_refusal_names_the_target_and_how_long_it_took)
{
	ck_assert_str_eq(detail(WHY_UPSTREAM_REFUSED), "The connect to 192.0.2.1:80 was refused after 310 us.");
	record.attempts = 3;
	ck_assert_str_eq(detail(WHY_UPSTREAM_REFUSED), "The connect to 192.0.2.1:80 was refused after 310 us, "
						       "the last of 3 addresses that failed.");
	record.close.error = EHOSTUNREACH;
	ck_assert_str_eq(detail(WHY_UPSTREAM_UNREACHABLE), "The connect to 192.0.2.1:80 failed after 310 us "
							   "(EHOSTUNREACH), the last of 3 addresses that failed.");
	record.legs[LEG_UPSTREAM].flow.destination = (struct flow_end){ 0 };
	ck_assert_ptr_nonnull(strstr(detail(WHY_UPSTREAM_REFUSED), "connect to unix:/run/db was"));
	record.target_chosen = false;
	ck_assert_ptr_nonnull(strstr(detail(WHY_RESOURCE_FDS), "a socket to db.example:5432 ("));
}
END_TEST

START_TEST(a_timer_tells_how_long_and_at_whom)
{
	record.close.idle_us = 350 * INT64_C(1000000);
	ck_assert_str_eq(
	    detail(WHY_IDLE_TIMEOUT), "No byte moved either way for 5 min 50 s; all that came was delivered.");
	record.close.leg = LEG_UPSTREAM;
	ck_assert_str_eq(detail(WHY_HALF_CLOSE_TIMEOUT),
	    "One side had finished, and the upstream did not, while no byte moved for 5 min 50 s; "
	    "all that came was delivered.");
}
END_TEST

START_TEST(an_admin_is_quoted)
{
	ck_assert_str_eq(detail(WHY_ADMIN_KILL),
	    "An admin ended the connection 12.0 ms after the client's last 512 bytes; all that came was delivered.");
	record.first_note = notes_add(
	    track.notes, 0, &(struct note){ .id = record.id, .kind = NOTE_TEXT, .text = "INC-4711: \"stuck\"" });
	ck_assert_ptr_nonnull(strstr(detail(WHY_ADMIN_KILL), "512 bytes, saying \"INC-4711: "));
}
END_TEST

START_TEST(ends_seen_at_once_are_a_remark)
{
	record.close.order = ORDER_SAME_TURN;
	ck_assert_ptr_nonnull(strstr(
	    detail(WHY_CLIENT_FIN), "delivered. Both sides' ends were seen at once, so nobody can be named first."));
}
END_TEST

START_TEST(a_unix_leg_that_was_reset_saw_an_end_of_file)
{
	record.legs[LEG_CLIENT].flow.protocol = FLOW_UNIX;
	record.legs[LEG_CLIENT].receive_queue_bytes = 0;
	ck_assert_ptr_nonnull(strstr(
	    detail(WHY_UPSTREAM_RESET), " On its Unix socket, which carries no reset, the client saw an end of file."));
	ck_assert_ptr_null(strstr(detail(WHY_UPSTREAM_FIN), "Unix"));
	ck_assert_ptr_null(strstr(detail(WHY_CLIENT_ABANDONED), "Unix"));
}
END_TEST

START_TEST(a_unix_leg_whose_bytes_were_left_unread_saw_a_reset)
{
	record.legs[LEG_CLIENT].flow.protocol = FLOW_UNIX;
	record.legs[LEG_CLIENT].receive_queue_bytes = 5;
	ck_assert_ptr_nonnull(strstr(detail(WHY_UPSTREAM_REFUSED),
	    " On its Unix socket the client saw a reset, for bytes of its own were left unread."));
}
END_TEST

START_TEST(a_unix_upstream_that_was_never_connected_saw_nothing)
{
	record.legs[LEG_UPSTREAM].flow.protocol = FLOW_UNIX;
	record.legs[LEG_UPSTREAM].receive_queue_bytes = 0;
	record.connect_us = RECORD_UNKNOWN;
	ck_assert_ptr_null(strstr(detail(WHY_UPSTREAM_CONNECT_TIMEOUT), "Unix"));
	record.connect_us = 100;
	ck_assert_ptr_nonnull(strstr(detail(WHY_CLIENT_RESET), "the upstream saw an end of file."));
}
END_TEST

START_TEST(the_longest_sentence_fits)
{
	memset(settings.upstreams[0].name, 'u', NAME_TEXT_MAX - 1);
	record.target_chosen = false;
	record.attempts = UINT16_MAX;
	record.close.order = ORDER_SAME_TURN;
	record.legs[LEG_CLIENT].flow.protocol = record.legs[LEG_UPSTREAM].flow.protocol = FLOW_UNIX;
	record.close.undelivered[LEG_CLIENT] = record.close.undelivered[LEG_UPSTREAM] = INT64_MAX;
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		detail((enum close_reason)why);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/detail");
	TCase *tcase = tcase_create("sentences");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, every_sentence_asks_only_for_what_there_is);
	tcase_add_test(tcase, a_reset_tells_when_and_what_was_lost);
	tcase_add_test(tcase, whoever_spoke_last_and_then_reset_is_named_once);
	tcase_add_test(tcase, an_end_that_came_with_the_last_bytes_is_no_time_after_them);
	tcase_add_test(tcase, losses_both_ways_are_told_apart);
	tcase_add_test(tcase, what_is_not_known_is_said_to_be_unknown);
	tcase_add_test(tcase, an_end_without_any_payload_says_so);
	tcase_add_test(tcase, a_refusal_names_the_target_and_how_long_it_took);
	tcase_add_test(tcase, a_timer_tells_how_long_and_at_whom);
	tcase_add_test(tcase, an_admin_is_quoted);
	tcase_add_test(tcase, ends_seen_at_once_are_a_remark);
	tcase_add_test(tcase, a_unix_leg_that_was_reset_saw_an_end_of_file);
	tcase_add_test(tcase, a_unix_leg_whose_bytes_were_left_unread_saw_a_reset);
	tcase_add_test(tcase, a_unix_upstream_that_was_never_connected_saw_nothing);
	tcase_add_test(tcase, the_longest_sentence_fits);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
