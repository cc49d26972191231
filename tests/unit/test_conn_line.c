/* SPDX-License-Identifier: MIT */
#include "export/conn_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/conn_id.h"

#define ID "01hq4m7w0c00000000001"

static struct settings settings;
static struct track track;
static struct record record;
static char bytes[CONN_LINE_MAX];
static struct text line;

static void
connect_leg(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	flow_set(&record.legs[leg].flow, &from, &to);
}

/* A request and its answer in 1.204 s; closed on 2026-11-23 at 15:30:12.000042. */
static void
setup(void)
{
	uint64_t id;

	memset(&settings, 0, sizeof(settings));
	settings.pair_count = 1;
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db.example:5432,db2.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	track = (struct track){ .settings = &settings };
	ck_assert(conn_id_parse(ID, &track.boot, &id));

	record_init(&record);
	record.id = id;
	record.state = CONN_CLOSED;
	record.opened_ns = 5 * NS_PER_S;
	record.closed_ns = record.opened_ns + 1204 * NS_PER_MS;
	record.opened_at_us = INT64_C(1795447810796042);
	record.attempts = 1;
	record.target_chosen = true;
	record.connect_us = 180;
	record.bytes[LEG_CLIENT].received = record.bytes[LEG_UPSTREAM].sent = 517;
	record.bytes[LEG_UPSTREAM].received = record.bytes[LEG_CLIENT].sent = 12345;
	connect_leg(LEG_CLIENT, "127.0.0.1:51234", "127.0.0.1:8080");
	connect_leg(LEG_UPSTREAM, "127.0.0.1:51236", "127.0.0.1:80");
	record.close = (struct record_close){
		.reason = WHY_CLIENT_FIN,
		.initiator = BY_CLIENT,
		.how = HOW_FIN,
		.order = ORDER_CLIENT_FIRST,
		.leg = LEG_NONE,
		.clean = true,
		.cause_us = 800,
	};
	text_init(&line, bytes, sizeof(bytes));
}

static void
end_as(enum close_reason reason)
{
	record.close.reason = (uint8_t)reason;
	record.close.initiator = (uint8_t)close_meanings[reason].initiator;
	record.close.how = (uint8_t)close_meanings[reason].how;
	record.close.clean = false;
}

static const char *
formatted(void)
{
	conn_line_format(&line, &track, &record);
	ck_assert(!line.truncated);
	return line.bytes;
}

/* The line without its columns: from the client's address on. */
static const char *
tail(void)
{
	return strstr(formatted(), "12.3kB  ") + strlen("12.3kB  ");
}

START_TEST(an_ordinary_end_is_one_short_line)
{
	ck_assert_str_eq(formatted(), "2026-11-23T15:30:12.000042Z closed 01hq4m7w0c00000000001 "
				      "client_fin               by client/fin        1.20s  up   517B  down 12.3kB  "
				      "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80\n");
}
END_TEST

START_TEST(a_bad_end_says_what_was_lost_and_why)
{
	end_as(WHY_CLIENT_RESET);
	record.close.error = ECONNRESET;
	record.close.idle_us = 75 * 1000000;
	record.close.undelivered[LEG_CLIENT] = 1204000;
	record.close.undelivered[LEG_UPSTREAM] = 0;
	ck_assert_str_eq(formatted(), "2026-11-23T15:30:12.000042Z closed 01hq4m7w0c00000000001 "
				      "client_reset             by client/rst        1.20s  up   517B  down 12.3kB  "
				      "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80"
				      ", idle 1m15s, undelivered to_client 1.20MB, errno ECONNRESET\n");
}
END_TEST

START_TEST(the_columns_hold_the_longest_words)
{
	end_as(WHY_UPSTREAM_CONNECT_TIMEOUT);
	record.close.initiator = BY_UPSTREAM;
	ck_assert_ptr_nonnull(strstr(formatted(), " upstream_connect_timeout by upstream/timeout  1.20s  up "));
}
END_TEST

START_TEST(both_ends_in_one_turn_blame_nobody)
{
	record.close.initiator = BY_NOBODY;
	record.close.order = ORDER_SAME_TURN;
	ck_assert_ptr_nonnull(strstr(formatted(), " by same_turn/fin "));
}
END_TEST

START_TEST(a_timer_names_the_side_at_fault)
{
	end_as(WHY_STALL_TIMEOUT);
	record.close.leg = LEG_CLIENT;
	record.close.undelivered[LEG_UPSTREAM] = 5;
	ck_assert_ptr_nonnull(strstr(formatted(), " by proxy/timeout "));
	ck_assert_ptr_nonnull(strstr(bytes, ":80, leg client, undelivered to_upstream 5B\n"));
}
END_TEST

START_TEST(what_an_admin_gave_as_a_reason_is_told)
{
	struct note note = { .id = record.id, .kind = NOTE_TEXT, .text = "stuck since caf\xc3\xa9 \033[2J" };

	track.notes = notes_new(1, 1);
	record.first_note = notes_add(track.notes, 0, &note);
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80\n");
	text_init(&line, bytes, sizeof(bytes));
	end_as(WHY_ADMIN_KILL);
	ck_assert_ptr_nonnull(strstr(formatted(), " by admin/rst "));
	ck_assert_ptr_nonnull(strstr(bytes, ":80, admin_reason \"stuck since caf?? ?[2J\"\n"));
	notes_free(track.notes);
}
END_TEST

START_TEST(several_attempts_and_a_slow_connect_are_told)
{
	record.attempts = 3;
	record.connect_us = 3020000;
	ck_assert_str_eq(
	    tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80, attempts 3, connect 3.02s\n");
}
END_TEST

START_TEST(a_probe_is_called_one)
{
	record.kind = KIND_PROBE;
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80, probe\n");
}
END_TEST

START_TEST(ports_of_ipv6_can_be_told_from_the_address)
{
	connect_leg(LEG_CLIENT, "[2001:db8::7]:51234", "[::1]:8080");
	ck_assert_str_eq(tail(), "[2001:db8::7]:51234 -> [::1]:8080 | 127.0.0.1:51236 -> 127.0.0.1:80\n");
}
END_TEST

static void
name_client(const char *client)
{
	struct addr from, to;
	struct flow flow;

	ck_assert(addr_parse(&from, client) && addr_parse(&to, client));
	flow_set(&flow, &from, &to);
	record.client_source = CLIENT_PROXY_V2;
	record.client_protocol = flow.protocol;
	record.client = flow.source;
}

static const struct {
	const char *client, *want;
} clients[] = {
	{ "203.0.113.9:4000", ", client 203.0.113.9:4000\n" },
	{ "[2001:db8::9]:0", ", client [2001:db8::9]:0\n" },
	{ "unix:/any", ", client unix\n" },
};

START_TEST(whom_a_header_named_stands_behind_the_legs)
{
	char want[160];

	name_client(clients[_i].client);
	snprintf(want, sizeof(want), "127.0.0.1:51234 -> 127.0.0.1:8080 | 127.0.0.1:51236 -> 127.0.0.1:80%s",
	    clients[_i].want);
	ck_assert_str_eq(tail(), want);
}
END_TEST

START_TEST(unix_legs_show_their_paths)
{
	ck_assert(addr_parse(&settings.listeners[0].addr, "unix:/run/in.sock"));
	ck_assert(addr_parse(&settings.upstreams[0].targets[0].addr, "unix:/run/app.sock"));
	connect_leg(LEG_CLIENT, "unix:/any", "unix:/run/in.sock");
	connect_leg(LEG_UPSTREAM, "unix:/any", "unix:/run/app.sock");
	ck_assert_str_eq(tail(), "unix:/run/in.sock | unix:/run/app.sock\n");
}
END_TEST

START_TEST(without_an_upstream_socket_the_target_is_named)
{
	memset(&record.legs[LEG_UPSTREAM].flow, 0, sizeof(struct flow));
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | - -> db.example:5432\n");
}
END_TEST

START_TEST(without_a_target_the_upstream_is_named)
{
	memset(&record.legs[LEG_UPSTREAM].flow, 0, sizeof(struct flow));
	record.target_chosen = false;
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | - -> db.example:5432,db2.example:5432\n");
}
END_TEST

START_TEST(a_source_port_never_chosen_is_unknown)
{
	connect_leg(LEG_UPSTREAM, "0.0.0.0:0", "127.0.0.1:80");
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | - -> 127.0.0.1:80\n");
}
END_TEST

START_TEST(no_name_steers_the_terminal)
{
	memset(&record.legs[LEG_UPSTREAM].flow, 0, sizeof(struct flow));
	strcpy(settings.upstreams[0].targets[0].name, "a\033[2J\n\x7f\xc2\x9b:80");
	ck_assert_str_eq(tail(), "127.0.0.1:51234 -> 127.0.0.1:8080 | - -> a?[2J????:80\n");
}
END_TEST

START_TEST(the_longest_line_fits)
{
	char path[108];

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memset(settings.upstreams[0].name, 'u', NAME_TEXT_MAX - 1);
	settings.listeners[0].addr.any.sa_family = AF_UNIX;
	strcpy(settings.listeners[0].addr.local.sun_path, path);
	connect_leg(LEG_CLIENT, "unix:/any", "unix:/any");
	memset(&record.legs[LEG_UPSTREAM].flow, 0, sizeof(struct flow));
	record.target_chosen = false;
	name_client("[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
	record.kind = KIND_PROBE;
	record.attempts = UINT16_MAX;
	record.closed_ns = record.connect_us = record.close.idle_us = INT64_MAX;
	record.bytes[LEG_CLIENT].received = record.bytes[LEG_UPSTREAM].received = UINT64_MAX;
	record.close.leg = LEG_UPSTREAM;
	record.close.undelivered[LEG_CLIENT] = record.close.undelivered[LEG_UPSTREAM] = INT64_MAX;
	record.close.error = ENOTRECOVERABLE;
	record.close.reason = WHY_ADMIN_KILL;
	track.notes = notes_new(1, NOTES_MAX);
	for (int i = 0; i < NOTES_MAX; i++) {
		struct note note = { .id = record.id, .kind = NOTE_TEXT, .next = record.first_note };

		memset(note.text, 'w', NOTE_TEXT_MAX);
		record.first_note = notes_add(track.notes, 0, &note);
	}
	ck_assert_ptr_nonnull(strstr(formatted(), ", errno ENOTRECOVERABLE, admin_reason \"wwww"));
	ck_assert_ptr_nonnull(strstr(bytes, "wwww\"\n"));
	notes_free(track.notes);
}
END_TEST

/* clang-format off */
static const struct {
	uint64_t bytes;
	const char *want;
} sizes[] = {
	{ 0,          "up     0B" },
	{ 999,        "up   999B" },
	{ 1000,       "up 1.00kB" },
	{ 1999,       "up 1.99kB" },
	{ 10050,      "up 10.0kB" },
	{ 999999,     "up  999kB" },
	{ 1000000,    "up 1.00MB" },
	{ 1234567890, "up 1.23GB" },
	{ UINT64_MAX, "up 18.4EB" },
};
static const struct {
	int64_t us;
	const char *want;
} durations[] = {
	{ 0,                         "    0us  up" },
	{ 842,                       "  842us  up" },
	{ 1234,                      " 1.23ms  up" },
	{ 59999999,                  "  59.9s  up" },
	{ 60000000,                  "  1m00s  up" },
	{ INT64_C(3599) * 1000000,   " 59m59s  up" },
	{ INT64_C(3600) * 1000000,   "  1h00m  up" },
	{ INT64_C(86399) * 1000000,  " 23h59m  up" },
	{ INT64_C(93600) * 1000000,  "  1d02h  up" },
};
/* clang-format on */

START_TEST(sizes_are_three_digits_and_a_unit)
{
	record.bytes[LEG_CLIENT].received = sizes[_i].bytes;
	ck_assert_msg(strstr(formatted(), sizes[_i].want) != NULL, "%s in %s", sizes[_i].want, bytes);
}
END_TEST

START_TEST(durations_are_as_people_say_them)
{
	record.closed_ns = record.opened_ns + durations[_i].us * NS_PER_US;
	ck_assert_msg(strstr(formatted(), durations[_i].want) != NULL, "%s in %s", durations[_i].want, bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export/conn_line");
	TCase *tcase = tcase_create("line");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, an_ordinary_end_is_one_short_line);
	tcase_add_test(tcase, a_bad_end_says_what_was_lost_and_why);
	tcase_add_test(tcase, the_columns_hold_the_longest_words);
	tcase_add_test(tcase, both_ends_in_one_turn_blame_nobody);
	tcase_add_test(tcase, a_timer_names_the_side_at_fault);
	tcase_add_test(tcase, what_an_admin_gave_as_a_reason_is_told);
	tcase_add_test(tcase, several_attempts_and_a_slow_connect_are_told);
	tcase_add_test(tcase, a_probe_is_called_one);
	tcase_add_test(tcase, ports_of_ipv6_can_be_told_from_the_address);
	tcase_add_loop_test(tcase, whom_a_header_named_stands_behind_the_legs, 0, sizeof(clients) / sizeof(clients[0]));
	tcase_add_test(tcase, unix_legs_show_their_paths);
	tcase_add_test(tcase, without_an_upstream_socket_the_target_is_named);
	tcase_add_test(tcase, without_a_target_the_upstream_is_named);
	tcase_add_test(tcase, a_source_port_never_chosen_is_unknown);
	tcase_add_test(tcase, no_name_steers_the_terminal);
	tcase_add_test(tcase, the_longest_line_fits);
	tcase_add_loop_test(tcase, sizes_are_three_digits_and_a_unit, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tcase, durations_are_as_people_say_them, 0, sizeof(durations) / sizeof(durations[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
