/* SPDX-License-Identifier: MIT */
#include "track/fields.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "net/socket.h"
#include "support/suite.h"
#include "track/conn_id.h"

static struct settings settings;
static struct track track;
static struct congestion_names congestions;
static struct record record;
static struct reading reading;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	congestion_number(&congestions, "cubic");
	track = (struct track){ .settings = &settings, .boot = 5, .node = "here", .congestions = &congestions };
	record_init(&record);
	record.id = conn_id_make(0, 0, 1);
	record.opened_ns = 100 * NS_PER_S;
	record.opened_at_us = INT64_C(1795447810000042);
	reading = (struct reading){ .track = &track, .record = &record, .now_ns = 100 * NS_PER_S };
}

static void
connect_leg(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	flow_set(&record.legs[leg].flow, &from, &to);
}

static const char *
text_of(enum field field)
{
	static char text[INET6_ADDRSTRLEN];
	struct value value = field_read(&reading, field);

	if (value.kind == VALUE_ADDRESS)
		return flow_ip_format(value.end, text);
	if (value.kind == VALUE_INSTANT)
		return clock_format(value.number, text, sizeof(text));
	ck_assert_msg(value.kind == VALUE_TEXT, "%s", field_meanings[field].path);
	return value.text;
}

static int64_t
number_of(enum field field)
{
	struct value value = field_read(&reading, field);

	ck_assert_msg(value.kind == VALUE_NUMBER, "%s", field_meanings[field].path);
	return value.number;
}

static bool
is_null(enum field field)
{
	return field_read(&reading, field).kind == VALUE_NULL;
}

static bool
is_inside(const char *path, const char *object, size_t length)
{
	return strncmp(path, object, length) == 0 && path[length] == '.';
}

START_TEST(each_path_is_one_field)
{
	const char *path = field_meanings[_i].path;

	ck_assert_uint_eq(strspn(path, "abcdefghijklmnopqrstuvwxyz_."), strlen(path));
	ck_assert_ptr_nonnull(field_meanings[_i].meaning);
	for (int other = 0; other < FIELD_COUNT; other++) {
		const char *other_path = field_meanings[other].path;

		ck_assert_msg(other == _i || strcmp(path, other_path) != 0, "%s", path);
		/* a value here and an object of that name there could not both be written */
		ck_assert_msg(!is_inside(other_path, path, strlen(path)), "%s, %s", path, other_path);
	}
}
END_TEST

/* Each object is opened once: whoever has left it never comes back. */
START_TEST(an_object_is_written_in_one_piece)
{
	const char *path = field_meanings[_i].path;

	for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		size_t length = (size_t)(dot - path);
		bool left = false;

		for (int later = _i + 1; later < FIELD_COUNT; later++) {
			bool inside = is_inside(field_meanings[later].path, path, length);

			ck_assert_msg(!(left && inside), "%s", field_meanings[later].path);
			left = left || !inside;
		}
	}
}
END_TEST

START_TEST(objects_that_may_be_null_have_fields)
{
	size_t length = strlen(field_object_paths[_i]);
	int inside = 0;

	for (int field = 0; field < FIELD_COUNT; field++)
		inside += is_inside(field_meanings[field].path, field_object_paths[_i], length);
	ck_assert_int_gt(inside, 1);
}
END_TEST

START_TEST(a_number_bears_its_unit)
{
	const char *path = field_meanings[_i].path;

	switch (field_meanings[_i].type) {
	case TYPE_DURATION:
	case TYPE_OFFSET:
		ck_assert_msg(strstr(path, "_us") != NULL, "%s", path);
		break;
	case TYPE_BYTES:
		ck_assert_msg(strstr(path, "bytes") != NULL, "%s", path);
		break;
	case TYPE_INSTANT:
		ck_assert_msg(strstr(path, "_at") != NULL, "%s", path);
		break;
	default:
		break;
	}
}
END_TEST

static bool
is_known_from_the_start(enum field field)
{
	switch (field) {
	case FIELD_id:
	case FIELD_revision:
	case FIELD_node:
	case FIELD_boot:
	case FIELD_worker:
	case FIELD_listener:
	case FIELD_upstream:
	case FIELD_kind:
	case FIELD_state:
	case FIELD_opened_at:
	case FIELD_duration_us:
	case FIELD_idle_us:
	case FIELD_client_source:
	case FIELD_legs_client_bytes_received:
	case FIELD_legs_client_bytes_sent:
	case FIELD_legs_upstream_bytes_received:
	case FIELD_legs_upstream_bytes_sent:
	case FIELD_attempts:
	case FIELD_turns_count:
	case FIELD_turns_overlapped:
	case FIELD_events:
	case FIELD_events_dropped:
	case FIELD_close_clean:
		return true;
	default:
		return false;
	}
}

START_TEST(what_is_not_known_yet_is_null_and_not_zero)
{
	ck_assert_msg(
	    is_null((enum field)_i) != is_known_from_the_start((enum field)_i), "%s", field_meanings[_i].path);
}
END_TEST

START_TEST(who_spoke_last_is_not_told_once_both_spoke_at_once)
{
	record.spoke_last = LEG_CLIENT;
	ck_assert_str_eq(text_of(FIELD_turns_spoke_last), "client");
	record.overlapped = true;
	ck_assert(is_null(FIELD_turns_spoke_last));
}
END_TEST

START_TEST(a_value_is_of_its_fields_type)
{
	static const enum value_kind kinds[] = {
		[TYPE_BOOL] = VALUE_BOOL,
		[TYPE_COUNT] = VALUE_NUMBER,
		[TYPE_BYTES] = VALUE_NUMBER,
		[TYPE_DURATION] = VALUE_NUMBER,
		[TYPE_OFFSET] = VALUE_NUMBER,
		[TYPE_INSTANT] = VALUE_INSTANT,
		[TYPE_TEXT] = VALUE_TEXT,
		[TYPE_WORD] = VALUE_TEXT,
		[TYPE_ADDRESS] = VALUE_ADDRESS,
		[TYPE_PORT] = VALUE_NUMBER,
		[TYPE_ERRNO] = VALUE_TEXT,
		[TYPE_RATE] = VALUE_NUMBER,
		[TYPE_ATTEMPTS] = VALUE_LIST,
		[TYPE_EVENTS] = VALUE_LIST,
	};

	/* everything known, but for paths (no connection has both ports and paths) and what only a kill has */
	memset(&record, 1, sizeof(record));
	record.listener = record.upstream = record.target = record.worker = 0;
	record.state = CONN_CLOSED;
	record.close.leg = LEG_CLIENT;
	record.overlapped = false;
	record.first_note = 0;
	record.attempts = 1;
	record.attempt.error = ECONNREFUSED;
	record.attempt.reached = CONNECT_CONNECT;
	connect_leg(LEG_CLIENT, "127.0.0.1:51234", "127.0.0.1:8080");
	connect_leg(LEG_UPSTREAM, "127.0.0.1:51236", "127.0.0.1:80");
	record.legs[LEG_CLIENT].error = record.legs[LEG_UPSTREAM].error = record.close.error = ECONNRESET;
	if (_i == FIELD_legs_client_tuple_path || _i == FIELD_legs_upstream_tuple_path ||
	    _i == FIELD_close_admin_reason)
		ck_assert(is_null((enum field)_i));
	else
		ck_assert_msg(field_read(&reading, (enum field)_i).kind == kinds[field_meanings[_i].type], "%s",
		    field_meanings[_i].path);
}
END_TEST

START_TEST(legs_show_their_5_tuples)
{
	connect_leg(LEG_CLIENT, "[::ffff:192.0.2.7]:51234", "[::ffff:127.0.0.1]:8080");
	connect_leg(LEG_UPSTREAM, "[2001:db8::1]:51236", "[2001:db8::2]:80");
	ck_assert_str_eq(text_of(FIELD_legs_client_tuple_protocol), "tcp");
	ck_assert_str_eq(text_of(FIELD_legs_client_tuple_source_ip), "192.0.2.7");
	ck_assert_int_eq(number_of(FIELD_legs_client_tuple_source_port), 51234);
	ck_assert_str_eq(text_of(FIELD_client_address), "192.0.2.7");
	ck_assert_int_eq(number_of(FIELD_client_port), 51234);
	ck_assert_str_eq(text_of(FIELD_legs_upstream_tuple_destination_ip), "2001:db8::2");
	ck_assert_int_eq(number_of(FIELD_legs_upstream_tuple_destination_port), 80);
	ck_assert(is_null(FIELD_legs_client_tuple_path));
}
END_TEST

static void
name_client(enum client_source source, const char *client)
{
	struct addr from, to;
	struct flow flow;

	ck_assert(addr_parse(&from, client) && addr_parse(&to, client));
	flow_set(&flow, &from, &to);
	record.client_source = (uint8_t)source;
	record.client_protocol = flow.protocol;
	record.client = flow.source;
}

START_TEST(a_client_that_a_header_names_is_another_than_its_leg_shows)
{
	connect_leg(LEG_CLIENT, "192.0.2.7:51234", "127.0.0.1:8080");
	ck_assert_str_eq(text_of(FIELD_client_source), "socket");
	name_client(CLIENT_PROXY_V1, "[::ffff:203.0.113.9]:0");
	ck_assert_str_eq(text_of(FIELD_client_source), "proxy_v1");
	ck_assert_str_eq(text_of(FIELD_client_address), "203.0.113.9");
	ck_assert_int_eq(number_of(FIELD_client_port), 0);
	ck_assert_str_eq(text_of(FIELD_legs_client_tuple_source_ip), "192.0.2.7");
	ck_assert_int_eq(number_of(FIELD_legs_client_tuple_source_port), 51234);
	name_client(CLIENT_PROXY_V2, "[2001:db8::9]:65535");
	ck_assert_str_eq(text_of(FIELD_client_source), "proxy_v2");
	ck_assert_str_eq(text_of(FIELD_client_address), "2001:db8::9");
}
END_TEST

START_TEST(a_client_on_a_unix_socket_far_away_has_no_address)
{
	connect_leg(LEG_CLIENT, "192.0.2.7:51234", "127.0.0.1:8080");
	name_client(CLIENT_PROXY_V2, "unix:/any");
	ck_assert_str_eq(text_of(FIELD_client_source), "proxy_v2");
	ck_assert(is_null(FIELD_client_address));
	ck_assert(is_null(FIELD_client_port));
}
END_TEST

START_TEST(a_header_names_the_client_of_a_unix_leg_too)
{
	connect_leg(LEG_CLIENT, "unix:/any", "unix:/any");
	name_client(CLIENT_PROXY_V1, "203.0.113.9:4000");
	ck_assert_str_eq(text_of(FIELD_client_address), "203.0.113.9");
	ck_assert_int_eq(number_of(FIELD_client_port), 4000);
	ck_assert(is_null(FIELD_legs_client_tuple_source_ip));
}
END_TEST

START_TEST(a_unix_leg_shows_its_path_and_nothing_else)
{
	ck_assert(addr_parse(&settings.listeners[0].addr, "unix:/run/in.sock"));
	ck_assert(addr_parse(&settings.upstreams[0].targets[0].addr, "unix:/run/app.sock"));
	connect_leg(LEG_CLIENT, "unix:/any", "unix:/any");
	connect_leg(LEG_UPSTREAM, "unix:/any", "unix:/any");
	ck_assert_str_eq(text_of(FIELD_legs_client_tuple_protocol), "unix");
	ck_assert_str_eq(text_of(FIELD_legs_client_tuple_path), "/run/in.sock");
	ck_assert_str_eq(text_of(FIELD_legs_upstream_tuple_path), "/run/app.sock");
	ck_assert(is_null(FIELD_legs_client_tuple_source_ip));
	ck_assert(is_null(FIELD_legs_client_tuple_source_port));
	ck_assert(is_null(FIELD_legs_client_tcp_state));
	ck_assert(is_null(FIELD_client_address));
}
END_TEST

START_TEST(times_go_on_while_open_and_stand_still_once_closed)
{
	reading.now_ns = record.opened_ns + 3 * NS_PER_S;
	ck_assert_int_eq(number_of(FIELD_duration_us), 3000000);
	ck_assert_int_eq(number_of(FIELD_idle_us), 3000000);
	record.last_payload_ns = record.opened_ns + NS_PER_S;
	ck_assert_int_eq(number_of(FIELD_idle_us), 2000000);

	record.closed_ns = record.opened_ns + 2 * NS_PER_S;
	ck_assert_int_eq(number_of(FIELD_duration_us), 2000000);
	ck_assert_int_eq(number_of(FIELD_idle_us), 1000000);
	ck_assert_str_eq(text_of(FIELD_opened_at), "2026-11-23T15:30:10.000042Z");
	ck_assert_str_eq(text_of(FIELD_closed_at), "2026-11-23T15:30:12.000042Z");
}
END_TEST

START_TEST(a_reader_with_an_older_clock_sees_no_negative_time)
{
	reading.now_ns = record.opened_ns - NS_PER_S;
	record.last_payload_ns = record.opened_ns;
	ck_assert_int_eq(number_of(FIELD_duration_us), 0);
	ck_assert_int_eq(number_of(FIELD_idle_us), 0);
}
END_TEST

START_TEST(offset_zero_is_known)
{
	record.connect_us = 0;
	ck_assert_int_eq(number_of(FIELD_timings_connect), 0);
}
END_TEST

START_TEST(an_end_has_the_words_of_its_reason)
{
	record.close.reason = WHY_UPSTREAM_RESET;
	record.close.initiator = BY_UPSTREAM;
	record.close.how = HOW_RST;
	record.close.order = ORDER_UPSTREAM_FIRST;
	record.close.error = ECONNRESET;
	ck_assert_str_eq(text_of(FIELD_close_reason), "upstream_reset");
	ck_assert_str_eq(text_of(FIELD_close_initiator), "upstream");
	ck_assert_str_eq(text_of(FIELD_close_how), "rst");
	ck_assert_str_eq(text_of(FIELD_close_order), "upstream_first");
	ck_assert_str_eq(text_of(FIELD_close_errno), "ECONNRESET");
	ck_assert_ptr_nonnull(strstr(text_of(FIELD_close_detail), "The upstream reset the connection "));
	ck_assert(is_null(FIELD_close_leg));
}
END_TEST

START_TEST(objects_are_null_until_they_begin)
{
	ck_assert(field_object_is_null(&record, OBJECT_UPSTREAM_LEG));
	ck_assert(field_object_is_null(&record, OBJECT_CLOSE));
	connect_leg(LEG_UPSTREAM, "127.0.0.1:51236", "127.0.0.1:80");
	ck_assert(!field_object_is_null(&record, OBJECT_UPSTREAM_LEG));
	record.state = CONN_CLOSED;
	ck_assert(!field_object_is_null(&record, OBJECT_CLOSE));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/fields");
	TCase *tcase = tcase_create("table");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, each_path_is_one_field, 0, FIELD_COUNT);
	tcase_add_loop_test(tcase, an_object_is_written_in_one_piece, 0, FIELD_COUNT);
	tcase_add_loop_test(tcase, objects_that_may_be_null_have_fields, 0, FIELD_OBJECTS);
	tcase_add_loop_test(tcase, a_number_bears_its_unit, 0, FIELD_COUNT);
	tcase_add_loop_test(tcase, what_is_not_known_yet_is_null_and_not_zero, 0, FIELD_COUNT);
	tcase_add_test(tcase, who_spoke_last_is_not_told_once_both_spoke_at_once);
	tcase_add_loop_test(tcase, a_value_is_of_its_fields_type, 0, FIELD_COUNT);
	tcase_add_test(tcase, legs_show_their_5_tuples);
	tcase_add_test(tcase, a_client_that_a_header_names_is_another_than_its_leg_shows);
	tcase_add_test(tcase, a_client_on_a_unix_socket_far_away_has_no_address);
	tcase_add_test(tcase, a_header_names_the_client_of_a_unix_leg_too);
	tcase_add_test(tcase, a_unix_leg_shows_its_path_and_nothing_else);
	tcase_add_test(tcase, times_go_on_while_open_and_stand_still_once_closed);
	tcase_add_test(tcase, a_reader_with_an_older_clock_sees_no_negative_time);
	tcase_add_test(tcase, offset_zero_is_known);
	tcase_add_test(tcase, an_end_has_the_words_of_its_reason);
	tcase_add_test(tcase, objects_are_null_until_they_begin);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
