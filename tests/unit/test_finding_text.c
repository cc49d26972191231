/* SPDX-License-Identifier: MIT */
/* Findings in words, and their filters, whatever the names are. */
#include "track/finding_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "net/socket.h"
#include "support/suite.h"
#include "track/filter.h"
#include "track/track.h"

static struct settings settings;
static struct track track;
static struct record record;
static struct finding finding;
static char bytes[FINDING_FILTER_MAX];

static void
setup(void)
{
	struct addr ours, target;

	memset(&settings, 0, sizeof(settings));
	settings.pair_count = 1;
	settings.workers = 1;
	settings.half_close_timeout_ns = INT64_C(60000000000);
	settings.upstreams[0].target_count = 2;
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "pg");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[1].name, "other.example:5432");
	track = (struct track){ .settings = &settings, .notes = notes_new(1, 4) };
	record_init(&record);
	record.state = CONN_CLOSED;
	record.target_chosen = true;
	record.attempts = 1;
	record.attempt = (struct record_attempt){ .began_us = 20, .ended_us = 330, .reached = CONNECT_CONNECT };
	record.closed_ns = record.opened_ns + 1;
	ck_assert(addr_parse(&ours, "[2001:db8::9]:50000") && addr_parse(&target, "[2001:db8::1]:5432"));
	flow_set(&record.legs[LEG_UPSTREAM].flow, &ours, &target);
	memset(&finding, 0, sizeof(finding));
	finding.side = LEG_UPSTREAM;
	finding.target = FINDING_NO_TARGET;
}

static void
teardown(void)
{
	notes_free(track.notes);
}

typedef void write_fn(struct text *text, const struct settings *from, const struct finding *of);

static const char *
write(write_fn *how)
{
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	how(&text, &settings, &finding);
	ck_assert(!text.truncated);
	ck_assert(utf8_is_valid(bytes, strlen(bytes)) || how == finding_write_id);
	return bytes;
}

/* Does the finding's filter choose the record? */
static bool
means(void)
{
	struct filter_fault fault;
	struct filter *filter = filter_new(write(finding_write_filter), &fault);
	struct reading reading = { .track = &track, .record = &record, .now_ns = record.closed_ns };

	ck_assert_msg(filter != NULL, "%s: %s", bytes, fault.message);
	bool matches = filter_matches(filter, &reading);
	filter_free(filter);
	return matches;
}

static void
be_idle_cutoff(void)
{
	finding.kind = FINDING_IDLE_CUTOFF;
	finding.aspect = ASPECT_RESET;
	finding.idle.ends = finding.idle.of_ends = 10;
	finding.idle.idle_us = finding.idle.idle_min_us = finding.idle.idle_max_us = 350000000;
	record.close.reason = WHY_UPSTREAM_RESET;
	record.close.idle_us = 350000000;
}

START_TEST(an_idle_cutoff_means_the_ends_of_that_time)
{
	be_idle_cutoff();
	finding.idle.idle_max_us++;
	ck_assert_str_eq(write(finding_write_id), "idle_cutoff/pg/upstream");
	ck_assert(means());
	record.close.idle_us++;
	ck_assert(means());
	record.close.idle_us++;
	ck_assert(!means());
	record.close.idle_us -= 3;
	ck_assert(!means());
	record.close.idle_us++;
	record.close.reason = WHY_CLIENT_RESET;
	ck_assert(!means());
	finding.aspect = ASPECT_FIN;
	record.close.reason = WHY_UPSTREAM_FIN;
	ck_assert(means());
	ck_assert_str_eq(write(finding_write_id), "idle_cutoff/pg/upstream/fin");
}
END_TEST

START_TEST(times_are_shown_with_how_far_they_spread)
{
	static const struct {
		int64_t idle_us, spread_us;
		const char *want;
	} cases[] = {
		{ 350000000, 900000, "350 ± 1 s" },
		{ 350000000, 1100000, "350 ± 2 s" },
		{ 75030000, 120000, "75.0 ± 0.2 s" },
		{ 75000000, 0, "75.0 ± 0.1 s" },
		{ 75000000, 499999, "75.0 ± 0.5 s" },
		{ 400000, 2500, "400 ± 3 ms" },
		{ 1500000, 0, "1500 ± 1 ms" },
	};

	be_idle_cutoff();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		finding.idle.idle_us = cases[i].idle_us;
		finding.idle.spread_us = cases[i].spread_us;
		ck_assert_msg(
		    strstr(write(finding_write_title), cases[i].want) != NULL, "%s: %s", cases[i].want, bytes);
	}
}
END_TEST

START_TEST(a_side_that_never_finishes_means_the_cut_and_the_waiting)
{
	finding.kind = FINDING_NEVER_FINISHES;
	finding.unfinished.cut = 5;
	finding.unfinished.half_closed = 20;
	finding.unfinished.late_us = 30000000;
	record.close.reason = WHY_HALF_CLOSE_TIMEOUT;
	record.close.leg = LEG_UPSTREAM;
	ck_assert_str_eq(write(finding_write_id), "never_finishes/pg/upstream");
	ck_assert_str_eq(finding_state(&finding), "closed");
	ck_assert(means());
	finding.unfinished.waiting = 5;
	ck_assert_str_eq(finding_state(&finding), "all");
	ck_assert(means());
	record.close.leg = LEG_CLIENT;
	ck_assert(!means());
	record.state = CONN_CLIENT_HALF_CLOSED;
	record.closed_ns = record.opened_ns + INT64_C(29000000000); /* which is now */
	ck_assert(!means());
	record.closed_ns += INT64_C(1000000000);
	ck_assert(means());
	finding.unfinished.cut = 0;
	ck_assert_str_eq(finding_state(&finding), "active");
	ck_assert(means());
	record.state = CONN_UPSTREAM_HALF_CLOSED;
	ck_assert(!means());
}
END_TEST

START_TEST(a_target_that_fails_means_those_that_tried_it_first)
{
	finding.kind = FINDING_TARGET_FAILS;
	finding.aspect = ASPECT_CONNECTS;
	finding.target = 0;
	finding.failures.failed = finding.failures.tried = finding.failures.refused = 20;
	ck_assert_str_eq(write(finding_write_id), "target_fails/pg/db.example:5432");
	ck_assert(!means());
	record.attempt.error = ECONNREFUSED;
	ck_assert(means());
	record.attempt.error = EADDRNOTAVAIL; /* ours */
	ck_assert(!means());
	record.attempt.error = ECONNREFUSED;
	record.target = 1;
	ck_assert(!means());
	/* The other one took the client. */
	struct note note = { .id = 5, .kind = NOTE_ATTEMPT, .error = ETIMEDOUT, .until_us = 9 };
	note.reached = CONNECT_CONNECT;
	record.id = 5;
	record.first_note = notes_add(track.notes, 0, &note);
	record.attempts = 2;
	record.attempt.error = 0;
	ck_assert(means());
	record.attempts = 3; /* one had no room: nobody knows which was first */
	ck_assert(!means());
}
END_TEST

START_TEST(a_target_that_aborts_means_its_resets)
{
	finding.kind = FINDING_TARGET_FAILS;
	finding.aspect = ASPECT_RESET;
	finding.target = 0;
	record.close.reason = WHY_UPSTREAM_LOST;
	ck_assert_str_eq(write(finding_write_id), "target_fails/pg/db.example:5432/resets");
	ck_assert(means());
	record.target = 1;
	ck_assert(!means());
	record.target = 0;
	record.close.reason = WHY_UPSTREAM_FIN;
	ck_assert(!means());
}
END_TEST

START_TEST(source_ports_mean_those_that_have_them_and_those_that_found_none)
{
	finding.kind = FINDING_SOURCE_PORTS;
	finding.side = LEG_NONE;
	finding.target = 0;
	finding.ports.address = *record_target(&record);
	finding.ports.in_use = 8;
	finding.ports.ports = 8;
	ck_assert_str_eq(write(finding_write_id), "source_ports/pg/db.example:5432/2001:db8::1");
	ck_assert_str_eq(finding_state(&finding), "active");
	record.state = CONN_ESTABLISHED;
	record.legs[LEG_UPSTREAM].fd = 9;
	ck_assert(means());
	record.legs[LEG_UPSTREAM].flow.destination.port = 80;
	ck_assert(!means());
	record.legs[LEG_UPSTREAM].flow.destination.port = 5432;
	record.legs[LEG_UPSTREAM].fd = -1;
	ck_assert(!means());
	finding.ports.shortages = 9;
	ck_assert_str_eq(finding_state(&finding), "all");
	record.state = CONN_CLOSED;
	record.close.reason = WHY_RESOURCE_PORTS;
	ck_assert(means());
	finding.ports.in_use = 0;
	ck_assert_str_eq(finding_state(&finding), "closed");
	ck_assert(means());
}
END_TEST

static const char *const hostile[] = {
	"\"",
	"\\",
	"'\" or state == closed or upstream == \"",
	"a\nb\x1b[2J\x7f",
	"x and not y (",
	"\xe2\x82\xac and \xf0\x9f\x90\x98",
	"\xff\xfe* [a-z] ?",
	"\xc3",
	"unix:/run/\xff\\x*",
	" ",
};

START_TEST(a_name_is_itself_whatever_stands_in_it)
{
	be_idle_cutoff();
	strcpy(settings.upstreams[0].name, hostile[_i]);
	ck_assert(means());
	write(finding_write_title);
	for (const char *at = bytes; *at != '\0'; at++)
		ck_assert_msg((unsigned char)*at >= ' ' && *at != 0x7f, "%s", bytes);
	strcpy(settings.upstreams[0].name, "another");
	write(finding_write_filter);
	strcpy(settings.upstreams[0].name, hostile[_i]);
	struct filter_fault fault;
	struct filter *filter = filter_new(bytes, &fault);
	struct reading reading = { .track = &track, .record = &record, .now_ns = record.closed_ns };
	ck_assert(!filter_matches(filter, &reading));
	filter_free(filter);
}
END_TEST

/* As long as names can be, and every byte of it has to be escaped. */
START_TEST(the_longest_names_fit)
{
	finding.kind = FINDING_TARGET_FAILS;
	finding.aspect = ASPECT_CONNECTS;
	finding.target = 0;
	record.attempt.error = ECONNREFUSED;
	memset(settings.upstreams[0].name, '"', NAME_TEXT_MAX - 1);
	memset(settings.upstreams[0].targets[0].name, '\\', sizeof(settings.upstreams[0].targets[0].name) - 1);
	ck_assert(means());
	write(finding_write_id);
	ck_assert_uint_lt(strlen(bytes), FINDING_ID_MAX);
	write(finding_write_title);
	ck_assert_uint_lt(strlen(bytes), FINDING_SENTENCE_MAX);
	write(finding_write_advice);
	ck_assert_uint_lt(strlen(bytes), FINDING_SENTENCE_MAX);
	memset(settings.upstreams[0].name, 0xff, NAME_TEXT_MAX - 1);
	memset(settings.upstreams[0].targets[0].name, 0xfe, sizeof(settings.upstreams[0].targets[0].name) - 1);
	ck_assert(means());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/finding text");
	TCase *tcase = tcase_create("words");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_idle_cutoff_means_the_ends_of_that_time);
	tcase_add_test(tcase, times_are_shown_with_how_far_they_spread);
	tcase_add_test(tcase, a_side_that_never_finishes_means_the_cut_and_the_waiting);
	tcase_add_test(tcase, a_target_that_fails_means_those_that_tried_it_first);
	tcase_add_test(tcase, a_target_that_aborts_means_its_resets);
	tcase_add_test(tcase, source_ports_mean_those_that_have_them_and_those_that_found_none);
	tcase_add_loop_test(
	    tcase, a_name_is_itself_whatever_stands_in_it, 0, (int)(sizeof(hostile) / sizeof(hostile[0])));
	tcase_add_test(tcase, the_longest_names_fit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
