/* SPDX-License-Identifier: MIT */
#include "export/record_table.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/conn_id.h"

static struct settings settings;
static struct track track;
static struct record record;
static struct reading reading;
static struct record_table table;
static char room[RECORD_TABLE_LINE_MAX];

static void
set_address(struct addr *address, const char *text)
{
	ck_assert(addr_parse(address, text));
}

static void
set_leg(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	set_address(&from, source);
	set_address(&to, destination);
	flow_set(&record.legs[leg].flow, &from, &to);
}

static void
setup(void)
{
	settings = (struct settings){ .pair_count = 2 };
	track = (struct track){ .settings = &settings, .boot = 0x123456789a };
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.listeners[1].name, "127.0.0.1:8443");
	strcpy(settings.upstreams[0].name, "web:80");
	strcpy(settings.upstreams[0].targets[0].name, "unix:/run/web");
	record_init(&record);
	record.id = conn_id_make(0, 7, 1);
	record.state = CONN_ESTABLISHED;
	record.opened_ns = NS_PER_S;
	record.opened_at_us = 1750000000000000;
	record.last_payload_ns = 320 * NS_PER_S;
	record.bytes[LEG_CLIENT].received = 512;
	record.bytes[LEG_UPSTREAM].received = 12345678;
	set_leg(LEG_CLIENT, "10.0.0.7:51034", "10.0.0.1:8080");
	set_leg(LEG_UPSTREAM, "10.0.0.1:40000", "10.0.0.2:80");
	record.target_chosen = true;
	record.legs[LEG_CLIENT].tcp.rtt_us = 1200;
	record.legs[LEG_UPSTREAM].tcp.rtt_us = 85;
	record.legs[LEG_CLIENT].tcp.retransmits_total = 0;
	record.legs[LEG_UPSTREAM].tcp.retransmits_total = 3;
	record.legs[LEG_CLIENT].limited_by = LIMIT_NETWORK;
	reading = (struct reading){ .track = &track, .record = &record, .now_ns = 321 * NS_PER_S };
	record_table_init(&table, &settings);
}

static const char *
heading(void)
{
	struct text text;

	text_init(&text, room, sizeof(room));
	record_table_write_heading(&text, &table);
	ck_assert(!text.truncated);
	return room;
}

static const char *
line(void)
{
	struct text text;

	text_init(&text, room, sizeof(room));
	record_table_write(&text, &table, &reading);
	ck_assert(!text.truncated);
	return room;
}

START_TEST(columns_are_what_people_ask_first)
{
	ck_assert_str_eq(heading(),
	    "ID                     STATE         CLIENT                 LISTENER        TARGET                 "
	    "   AGE    IDLE      UP    DOWN     RTT  RETR  LIMITED_BY   REASON");
	ck_assert_str_eq(line(),
	    "28t5cy4t000000w000001  established   10.0.0.7:51034         8080            10.0.0.2:80            "
	    " 5m20s   1.00s    512B  12.3MB  1.20ms     3  network      -");
}
END_TEST

START_TEST(what_is_unknown_is_a_dash)
{
	record.target_chosen = false;
	record_forget_sample(&record.legs[LEG_CLIENT]);
	record_forget_sample(&record.legs[LEG_UPSTREAM]);
	record.legs[LEG_CLIENT].limited_by = LIMIT_UNKNOWN;
	ck_assert_str_eq(line(),
	    "28t5cy4t000000w000001  established   10.0.0.7:51034         8080            -                      "
	    " 5m20s   1.00s    512B  12.3MB       -     -  -            -");
}
END_TEST

START_TEST(a_wide_cell_shifts_no_more_than_it_must)
{
	record.state = CONN_UPSTREAM_HALF_CLOSED;
	set_leg(LEG_CLIENT, "[2001:db8:1234:5678:9abc:def0:1234:5678]:51034", "[2001:db8::1]:8080");
	ck_assert_str_eq(line(),
	    "28t5cy4t000000w000001  upstream_half_closed  [2001:db8:1234:5678:9abc:def0:1234:5678]:51034  8080  "
	    "10.0.0.2:80  5m20s  1.00s  512B  12.3MB  1.20ms  3  network  -");
}
END_TEST

START_TEST(a_unix_target_is_told_by_its_name)
{
	record.legs[LEG_UPSTREAM].flow.destination = (struct flow_end){ 0 };
	record.legs[LEG_CLIENT].flow = (struct flow){ .protocol = FLOW_UNIX };
	ck_assert_str_eq(line(),
	    "28t5cy4t000000w000001  established   -                      8080            unix:/run/web          "
	    " 5m20s   1.00s    512B  12.3MB  1.20ms     3  network      -");
}
END_TEST

START_TEST(no_name_can_steer_a_terminal)
{
	strcpy(settings.listeners[0].name, "a\x1b[2J\n\xc2\x9b\x7f");
	ck_assert_ptr_nonnull(strstr(line(), " a?[2J???? "));
	for (const char *at = room; *at != '\0'; at++)
		ck_assert(*at >= ' ' && *at <= '~');
}
END_TEST

START_TEST(any_fields_are_columns)
{
	struct field_set fields = { 0 };

	ck_assert(field_set_add(&fields, "id") && field_set_add(&fields, "opened_at") &&
		  field_set_add(&fields, "client.port") && field_set_add(&fields, "tcp.rtt") &&
		  field_set_add(&fields, "close.clean") && field_set_add(&fields, "events"));
	record_table_init_fields(&table, &fields);
	ck_assert_str_eq(heading(),
	    "id                     opened_at                    client.port  legs.client.tcp.rtt_us  "
	    "legs.upstream.tcp.rtt_us  events  close.clean");
	ck_assert_str_eq(line(),
	    "28t5cy4t000000w000001  2025-06-15T15:06:40.000000Z        51034                  1.20ms  "
	    "                    85us       1  -");
}
END_TEST

START_TEST(the_widest_line_fits)
{
	struct field_set fields;

	for (size_t i = 0; i < sizeof(settings.listeners[0].name) - 1; i++)
		settings.listeners[0].name[i] = settings.upstreams[0].name[i] = '\x1b';
	field_set_of_view(&fields, VIEW_SINGLE);
	record_table_init_fields(&table, &fields);
	ck_assert_int_eq(table.count, FIELD_COUNT);
	line();
	ck_assert_uint_lt(strlen(heading()), RECORD_TABLE_LINE_MAX / 4);
}
END_TEST

static void
setup_all(void)
{
	setup();
	track.notes = notes_new(1, 16);
	track.congestions = calloc(1, sizeof(track.congestions[0]));
}

static void
teardown(void)
{
	notes_free(track.notes);
	free(track.congestions);
}

int
main(void)
{
	Suite *suite = suite_create("export/record_table");
	TCase *tcase = tcase_create("record_table");

	tcase_add_checked_fixture(tcase, setup_all, teardown);
	tcase_add_test(tcase, columns_are_what_people_ask_first);
	tcase_add_test(tcase, what_is_unknown_is_a_dash);
	tcase_add_test(tcase, a_wide_cell_shifts_no_more_than_it_must);
	tcase_add_test(tcase, a_unix_target_is_told_by_its_name);
	tcase_add_test(tcase, no_name_can_steer_a_terminal);
	tcase_add_test(tcase, any_fields_are_columns);
	tcase_add_test(tcase, the_widest_line_fits);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
