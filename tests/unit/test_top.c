/* SPDX-License-Identifier: MIT */
#include "api/top.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/conn_id.h"

enum { RECORDS = 1000, NOW_S = 1000 };

static struct settings settings;
static struct track track;
static struct record records[RECORDS];
static struct reading reading;
static struct top *top;

static void
set_address(struct flow_end *end, const char *text)
{
	struct addr addr, any;
	struct flow flow;

	ck_assert(addr_parse(&addr, text) && addr_parse(&any, "127.0.0.1:1"));
	flow_set(&flow, &addr, &any);
	*end = flow.source;
}

/* Few values, so that many are equal; some fields are null. */
static void
fill(struct record *record, uint32_t number)
{
	static const char *const addresses[] = { "10.0.0.9:1", "9.0.0.10:1", "[2001:db8::1]:1", "10.0.0.10:1" };

	record_init(record);
	record->id = conn_id_make((int)(number % 3), number, 1);
	record->state = (uint8_t)(rand() % CONN_FLUSHING);
	record->listener = (uint16_t)(rand() % 3);
	record->opened_ns = NS_PER_S * (1 + rand() % 20);
	record->bytes[LEG_CLIENT].received = (uint64_t)(rand() % 40);
	record->bytes[LEG_UPSTREAM].received = (uint64_t)(rand() % 40);
	record->legs[LEG_CLIENT].flow.protocol = FLOW_TCP;
	set_address(&record->legs[LEG_CLIENT].flow.source, addresses[rand() % 4]);
	if (rand() % 3 == 0)
		record->legs[LEG_CLIENT].tcp.rtt_us = (uint32_t)(rand() % 9);
	if (rand() % 3 == 0)
		record->connect_us = rand() % 5;
}

static void
setup(void)
{
	srand(1);
	settings = (struct settings){ .pair_count = 3 };
	strcpy(settings.listeners[0].name, "b");
	strcpy(settings.listeners[1].name, "");
	strcpy(settings.listeners[2].name, "b\xff");
	track = (struct track){ .settings = &settings };
	reading = (struct reading){ .track = &track, .now_ns = NOW_S * NS_PER_S };
	for (uint32_t i = 0; i < RECORDS; i++)
		fill(&records[i], i * 7 % RECORDS);
	top = NULL;
}

static void
teardown(void)
{
	top_free(top);
}

static void
begin(const char *by, bool descending, uint32_t limit)
{
	struct top_order order = { .by = field_name_find(by), .descending = descending };
	bool room;

	ck_assert_int_gt(order.by.count, 0);
	top_free(top);
	top = top_new(&order, limit, &room);
	ck_assert(room && top != NULL);
}

static uint32_t
offer_all(void)
{
	for (int i = 0; i < RECORDS; i++) {
		reading.record = &records[i];
		top_offer(top, &reading);
	}
	return top_sort(top);
}

/* What the list should be: all of them, compared in the plainest way. */

static enum { ON_BYTES, ON_RTT, ON_AGE, ON_STATE, ON_LISTENER, ON_CLIENT, ON_CONNECT } by;
static const char *const names[] = { "legs.client.bytes_received", "tcp.rtt", "age", "state", "listener",
	"client.address", "timings_us.connect" };
static bool descending;

static int
difference(const struct record *a, const struct record *b, bool *a_known, bool *b_known)
{
	*a_known = *b_known = true;
	switch (by) {
	case ON_BYTES:
		return (int)a->bytes[LEG_CLIENT].received - (int)b->bytes[LEG_CLIENT].received;
	case ON_RTT:
		*a_known = a->legs[LEG_CLIENT].tcp.rtt_us != TCP_UNKNOWN_32;
		*b_known = b->legs[LEG_CLIENT].tcp.rtt_us != TCP_UNKNOWN_32;
		return (int)a->legs[LEG_CLIENT].tcp.rtt_us - (int)b->legs[LEG_CLIENT].tcp.rtt_us;
	case ON_AGE:
		return (int)((b->opened_ns - a->opened_ns) / NS_PER_S);
	case ON_STATE:
		return strcmp(conn_state_text((enum conn_state)a->state), conn_state_text((enum conn_state)b->state));
	case ON_LISTENER:
		return strcmp(settings.listeners[a->listener].name, settings.listeners[b->listener].name);
	case ON_CLIENT:
		return memcmp(
		    a->legs[LEG_CLIENT].flow.source.ip, b->legs[LEG_CLIENT].flow.source.ip, sizeof(a->client.ip));
	case ON_CONNECT:
		*a_known = a->connect_us != RECORD_UNKNOWN;
		*b_known = b->connect_us != RECORD_UNKNOWN;
		return (int)(a->connect_us - b->connect_us);
	}
	return 0;
}

static int
compare(const void *one, const void *other)
{
	const struct record *a = one, *b = other;
	bool a_known, b_known;
	int it = difference(a, b, &a_known, &b_known);

	if (a_known != b_known)
		return a_known ? -1 : 1;
	if (a_known && it != 0)
		return descending ? -it : it;
	return a->id < b->id ? -1 : 1;
}

static const uint32_t limits[] = { 1, 2, 31, 32, 33, 500, RECORDS - 1, RECORDS, 10000 };

START_TEST(the_first_of_any_order_are_those_of_the_whole_in_order)
{
	static struct record sorted[RECORDS];

	by = _i / 2;
	descending = _i % 2 == 1;
	memcpy(sorted, records, sizeof(sorted));
	qsort(sorted, RECORDS, sizeof(sorted[0]), compare);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t want = limits[i] < RECORDS ? limits[i] : RECORDS;

		begin(names[by], descending, limits[i]);
		ck_assert_uint_eq(offer_all(), want);
		for (uint32_t place = 0; place < want; place++)
			ck_assert_msg(top_at(top, place)->id == sorted[place].id, "%s %d: place %u of %u", names[by],
			    descending, place, limits[i]);
	}
}
END_TEST

START_TEST(of_several_fields_the_greatest_counts)
{
	begin("bytes_received", true, 10);
	ck_assert_uint_eq(offer_all(), 10);
	for (uint32_t i = 0; i < 10; i++) {
		const struct record *record = top_at(top, i);

		ck_assert(record->bytes[LEG_CLIENT].received == 39 || record->bytes[LEG_UPSTREAM].received == 39);
	}
}
END_TEST

/* As one that is closed while others are looked at, and then found again. */
START_TEST(one_is_kept_once)
{
	begin("legs.client.bytes_received", false, 5);
	for (int i = 0; i < RECORDS; i++) {
		struct record again = records[i];

		again.bytes[LEG_CLIENT].received++;
		reading.record = &records[i];
		top_offer(top, &reading);
		reading.record = &again;
		top_offer(top, &reading);
	}
	ck_assert_uint_eq(top_sort(top), 5);
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_uint_gt(top_at(top, i)->id, top_at(top, i - 1)->id);
}
END_TEST

START_TEST(all_lists_together_have_a_bound)
{
	struct top_order order = { .by = field_name_find("age") };
	struct top *tops[100];
	int count = 0;
	bool room;

	while (count < 100 && (tops[count] = top_new(&order, 10000, &room)) != NULL)
		count++;
	ck_assert_int_ge(count, 3);
	ck_assert_int_lt(count, 10);
	ck_assert(!room);
	begin("age", false, 20); /* a small one still has room */
	top_free(tops[--count]);
	tops[count] = top_new(&order, 10000, &room);
	ck_assert(room && tops[count++] != NULL);
	while (count > 0)
		top_free(tops[--count]);
}
END_TEST

START_TEST(of_none_there_is_nothing)
{
	begin("age", false, 20);
	ck_assert_uint_eq(top_sort(top), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/top");
	TCase *tcase = tcase_create("top");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
	    tcase, the_first_of_any_order_are_those_of_the_whole_in_order, 0, 2 * sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, of_several_fields_the_greatest_counts);
	tcase_add_test(tcase, one_is_kept_once);
	tcase_add_test(tcase, all_lists_together_have_a_bound);
	tcase_add_test(tcase, of_none_there_is_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
