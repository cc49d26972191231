/* SPDX-License-Identifier: MIT */
#include "track/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "net/socket.h"
#include "support/suite.h"

static struct settings settings;
static struct track track;
static struct record record;
static char told[STORY_EVENTS_MAX * 64];

static void
setup(void)
{
	track = (struct track){ .settings = &settings, .notes = notes_new(1, 2 * NOTES_MAX) };
	record_init(&record);
	record.id = 7;
	record.opened_ns = NS_PER_S;
}

static void
teardown(void)
{
	notes_free(track.notes);
}

static void
add_note(struct note note)
{
	note.id = record.id;
	note.next = record.first_note;
	record.first_note = notes_add(track.notes, 0, &note);
	ck_assert_uint_ne(record.first_note, 0);
	record.notes++;
}

/* Each step as "time step leg errno", one after the other. */
static const char *
story(void)
{
	struct story_event events[STORY_EVENTS_MAX];
	int count = story_events(&track, &record, events);
	struct text text;

	text_init(&text, told, sizeof(told));
	for (int i = 0; i < count; i++) {
		const char *leg = leg_text(events[i].leg);

		text_addf(&text, "%s%lld %s%s%s%s%s", i == 0 ? "" : ", ", (long long)events[i].at_us,
		    story_step_text(events[i].step), leg == NULL ? "" : " ", leg == NULL ? "" : leg,
		    events[i].error == 0 ? "" : " ", events[i].error == 0 ? "" : strerrorname_np(events[i].error));
	}
	return told;
}

static void
attempt(int64_t began_us, int64_t ended_us, int error)
{
	record.attempt = (struct record_attempt){
		.began_us = began_us, .ended_us = ended_us, .error = (uint16_t)error, .reached = CONNECT_CONNECT
	};
}

static void
close_at(int64_t us, enum close_reason why)
{
	record.state = CONN_CLOSED;
	record.closed_ns = record.opened_ns + us * NS_PER_US;
	record.close.reason = (uint8_t)why;
	record.close.how = (uint8_t)close_meanings[why].how;
	if (record.close.cause_us == RECORD_UNKNOWN)
		record.close.cause_us = us;
}

START_TEST(at_first_there_is_only_the_accept)
{
	ck_assert_str_eq(story(), "0 accept client");
}
END_TEST

START_TEST(an_orderly_life_in_its_order)
{
	attempt(20, 90, 0);
	record.first_client_byte_us = 100;
	record.first_upstream_byte_us = 250;
	record.legs[LEG_CLIENT].fin_received_us = 300;
	record.legs[LEG_UPSTREAM].fin_sent_us = 310;
	record.legs[LEG_UPSTREAM].fin_received_us = 400;
	record.legs[LEG_CLIENT].fin_sent_us = 410;
	close_at(500, WHY_CLIENT_FIN);
	ck_assert_str_eq(story(),
	    "0 accept client, 20 socket upstream, 20 connect upstream, 90 connected upstream, "
	    "100 first_byte client, 250 first_byte upstream, 300 fin_received client, 310 fin_sent upstream, "
	    "400 fin_received upstream, 410 fin_sent client, 500 close");
}
END_TEST

START_TEST(steps_of_one_moment_stand_in_the_order_of_cause_and_effect)
{
	attempt(0, 5, 0);
	record.first_client_byte_us = 5;
	for (int i = 0; i < LEG_COUNT; i++) {
		record.legs[i].fin_received_us = 5;
		record.legs[i].fin_sent_us = 5;
		record.legs[i].rst_received_us = 5;
		record.legs[i].rst_sent_us = 5;
		record.legs[i].error = EPIPE;
	}
	record.close.leg = LEG_CLIENT;
	close_at(5, WHY_HALF_CLOSE_TIMEOUT);
	ck_assert_str_eq(story(),
	    "0 accept client, 0 socket upstream, 0 connect upstream, 5 connected upstream, 5 first_byte client, "
	    "5 fin_received client, 5 fin_received upstream, 5 fin_sent client, 5 fin_sent upstream, "
	    "5 rst_received client EPIPE, 5 rst_received upstream EPIPE, 5 timeout client, "
	    "5 rst_sent client, 5 rst_sent upstream, 5 close");
}
END_TEST

START_TEST(each_target_that_failed_is_told_with_what_it_said)
{
	add_note((struct note){
	    .kind = NOTE_ATTEMPT, .at_us = 10, .until_us = 20, .error = ECONNREFUSED, .reached = CONNECT_CONNECT });
	add_note((struct note){ .kind = NOTE_ATTEMPT,
	    .at_us = 20,
	    .until_us = 20,
	    .error = EADDRNOTAVAIL,
	    .reached = CONNECT_BIND,
	    .bound = true });
	attempt(20, 30, 0);
	record.attempt.bound = true;
	ck_assert_str_eq(story(),
	    "0 accept client, 10 socket upstream, 10 connect upstream, 20 connect_failed upstream ECONNREFUSED, "
	    "20 socket upstream, 20 bind upstream EADDRNOTAVAIL, "
	    "20 socket upstream, 20 bind upstream, 20 connect upstream, 30 connected upstream");
}
END_TEST

START_TEST(a_socket_that_was_not_to_be_had_is_an_attempt_that_never_connected)
{
	attempt(10, 12, EMFILE);
	record.attempt.reached = CONNECT_SOCKET;
	close_at(12, WHY_RESOURCE_FDS);
	ck_assert_str_eq(story(), "0 accept client, 10 socket upstream EMFILE, 12 close");
}
END_TEST

START_TEST(a_stall_has_a_beginning_and_maybe_an_end)
{
	attempt(0, 1, 0);
	add_note((struct note){ .kind = NOTE_STALL, .leg = LEG_CLIENT, .at_us = 100, .until_us = 2000100 });
	add_note((struct note){ .kind = NOTE_STALL, .leg = LEG_UPSTREAM, .at_us = 50, .until_us = RECORD_UNKNOWN });
	ck_assert_str_eq(story(), "0 accept client, 0 socket upstream, 0 connect upstream, 1 connected upstream, "
				  "50 stall upstream, 100 stall client, 2000100 resume client");
}
END_TEST

START_TEST(a_lost_side_is_told_when_it_was_given_up_and_not_when_it_was_closed)
{
	attempt(0, 1, 0);
	record.close.cause_us = 7000;
	record.close.error = ETIMEDOUT;
	close_at(9000, WHY_UPSTREAM_LOST);
	ck_assert_str_eq(story(), "0 accept client, 0 socket upstream, 0 connect upstream, 1 connected upstream, "
				  "7000 lost upstream ETIMEDOUT, 9000 close");
}
END_TEST

START_TEST(what_an_admin_did_is_a_step)
{
	close_at(9, WHY_SHUTDOWN);
	ck_assert_str_eq(story(), "0 accept client, 9 shutdown, 9 close");
}
END_TEST

START_TEST(a_client_that_was_turned_away_has_a_short_story)
{
	record.legs[LEG_CLIENT].rst_sent_us = 4;
	close_at(4, WHY_DENIED_ACL);
	ck_assert_str_eq(story(), "0 accept client, 4 denied client, 4 rst_sent client, 4 close");
}
END_TEST

START_TEST(notes_that_another_connection_has_by_now_are_left_out)
{
	attempt(0, 1, 0);
	add_note((struct note){ .kind = NOTE_STALL, .leg = LEG_CLIENT, .at_us = 100, .until_us = 200 });
	uint32_t number = record.first_note;
	notes_release(track.notes, 0, number);
	ck_assert_uint_eq(notes_add(track.notes, 0, &(struct note){ .id = 8, .kind = NOTE_STALL }), number);
	ck_assert_ptr_null(strstr(story(), "stall"));
}
END_TEST

START_TEST(the_longest_story_has_room)
{
	for (int i = 0; i < NOTES_MAX; i++)
		add_note((struct note){ .kind = NOTE_ATTEMPT,
		    .at_us = i,
		    .until_us = i,
		    .error = ECONNREFUSED,
		    .reached = CONNECT_CONNECT,
		    .bound = true });
	attempt(100, 200, 0);
	record.attempt.bound = true;
	record.first_client_byte_us = record.first_upstream_byte_us = 300;
	for (int i = 0; i < LEG_COUNT; i++) {
		struct record_leg *leg = &record.legs[i];

		leg->fin_received_us = leg->fin_sent_us = leg->rst_received_us = leg->rst_sent_us = 400;
	}
	close_at(500, WHY_IDLE_TIMEOUT);

	struct story_event events[STORY_EVENTS_MAX];
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	ck_assert_int_eq(story_events(&track, &record, events), 1 + 4 * (NOTES_MAX + 1) + 2 + 8 + 2);
	ck_assert_int_eq(story_attempts(&track, &record, attempts), NOTES_MAX + 1);
}
END_TEST

static const struct {
	int64_t ended_us;
	int error;
	const char *want;
} results[] = {
	{ RECORD_UNKNOWN, 0, "connecting" },
	{ 5, 0, "connected" },
	{ 5, ECONNREFUSED, "refused" },
	{ 5, ETIMEDOUT, "timeout" },
	{ 5, EHOSTUNREACH, "unreachable" },
	{ 5, ENETUNREACH, "unreachable" },
	{ 5, ECONNRESET, "reset" },
	{ 5, EMFILE, "failed" },
};

START_TEST(an_attempt_has_a_result_in_a_word)
{
	struct story_attempt it = { .ended_us = results[_i].ended_us, .error = (uint16_t)results[_i].error };

	ck_assert_str_eq(story_attempt_result(&it), results[_i].want);
}
END_TEST

START_TEST(an_attempt_that_the_end_overtook_was_given_up)
{
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];

	attempt(10, RECORD_UNKNOWN, 0);
	close_at(50, WHY_CLIENT_ABORT_CONNECTING);
	ck_assert_int_eq(story_attempts(&track, &record, attempts), 1);
	ck_assert_str_eq(story_attempt_result(&attempts[0]), "abandoned");
}
END_TEST

START_TEST(the_words_of_an_admin_are_put_together_again)
{
	static const char words[] = "INC-4711: this session holds a lock on table orders, asked by the night shift";
	char text[STORY_WORDS_MAX];

	close_at(5, WHY_ADMIN_KILL);
	ck_assert_ptr_null(story_admin_words(&track, &record, text));
	for (size_t at = 0; at < strlen(words); at += NOTE_TEXT_MAX) {
		struct note note = { .kind = NOTE_TEXT };
		size_t left = strlen(words + at);

		memcpy(note.text, words + at, left < NOTE_TEXT_MAX ? left : NOTE_TEXT_MAX);
		add_note(note);
	}
	ck_assert_str_eq(story_admin_words(&track, &record, text), words);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/story");
	TCase *tcase = tcase_create("life");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, at_first_there_is_only_the_accept);
	tcase_add_test(tcase, an_orderly_life_in_its_order);
	tcase_add_test(tcase, steps_of_one_moment_stand_in_the_order_of_cause_and_effect);
	tcase_add_test(tcase, each_target_that_failed_is_told_with_what_it_said);
	tcase_add_test(tcase, a_socket_that_was_not_to_be_had_is_an_attempt_that_never_connected);
	tcase_add_test(tcase, a_stall_has_a_beginning_and_maybe_an_end);
	tcase_add_test(tcase, a_lost_side_is_told_when_it_was_given_up_and_not_when_it_was_closed);
	tcase_add_test(tcase, what_an_admin_did_is_a_step);
	tcase_add_test(tcase, a_client_that_was_turned_away_has_a_short_story);
	tcase_add_test(tcase, notes_that_another_connection_has_by_now_are_left_out);
	tcase_add_test(tcase, the_longest_story_has_room);
	tcase_add_loop_test(tcase, an_attempt_has_a_result_in_a_word, 0, sizeof(results) / sizeof(results[0]));
	tcase_add_test(tcase, an_attempt_that_the_end_overtook_was_given_up);
	tcase_add_test(tcase, the_words_of_an_admin_are_put_together_again);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
