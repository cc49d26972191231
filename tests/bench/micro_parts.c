/* SPDX-License-Identifier: MIT */
/* The parts of the program that work for each record, each read, each turn. */
#include "bench/micro.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "export/record_json.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/timer.h"
#include "proxy/pump.h"
#include "track/conn_id.h"
#include "track/filter.h"

enum {
	LIVE = 10000,
	MILLION = 1000000,
	FREED = 12 * TABLE_STEP_MAX,
	TIMERS = 10000,
	MESSAGE = 64,
};

static struct settings settings;
static struct track track;
static struct table *exact, *roomy, *freed;
static union record_words one; /* a record, as a walk copies it */
static struct reading reading;
static uint64_t watched; /* the id of slot 0 in `exact`, which is written */

/* Records. */

static void
fill_record(struct record *record, uint16_t port)
{
	struct addr client, listener, ours, target;

	must(addr_parse(&client, "10.1.2.3:1") && addr_parse(&listener, "10.0.0.1:8080") &&
		 addr_parse(&ours, "10.0.0.1:1") && addr_parse(&target, "192.0.2.5:5432"),
	    "an address");
	addr_set_port(&client, port);
	addr_set_port(&ours, port);
	record->state = CONN_ESTABLISHED;
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	record->target_chosen = true;
	record->attempts = 1;
	record->attempt = (struct record_attempt){ .began_us = 20, .ended_us = 330, .reached = CONNECT_CONNECT };
	record->connect_us = 330;
	record->first_client_byte_us = 350;
	flow_set(&record->legs[LEG_CLIENT].flow, &client, &listener);
	flow_set(&record->legs[LEG_UPSTREAM].flow, &ours, &target);
	for (int i = 0; i < LEG_COUNT; i++) {
		record->legs[i].tcp_state = TCP_IS_ESTABLISHED;
		record->legs[i].socket_cookie = 0x1234567 + port;
		record->legs[i].tcp.rtt_us = 1234;
		record->legs[i].fd = 2 * port + i;
		record->bytes[i].received = record->bytes[i].sent = 1234567;
	}
}

static struct table *
make_table(uint32_t room, uint32_t count)
{
	struct table *table = table_new(1, room);
	uint32_t slot;

	must(table != NULL, "table_new");
	for (uint32_t i = 0; i < count; i++) {
		must(table_reserve(table), "table_reserve");
		fill_record(table_claim(table, 0, &slot), (uint16_t)(1024 + i));
		table_commit(table, 0, slot);
	}
	return table;
}

static void
walk(const struct table *table, long count)
{
	struct table_cursor cursor = { 0 };

	while (count-- > 0) {
		if (!table_next(table, &cursor, &one))
			cursor = (struct table_cursor){ 0 };
	}
}

static void
walk_exact(long count)
{
	walk(exact, count);
}

static void
walk_roomy(long count)
{
	walk(roomy, count);
}

static void
walk_freed(long count)
{
	struct table_cursor cursor = { 0 };

	for (; count > 0; count -= TABLE_STEP_MAX) {
		if (table_step(freed, &cursor, &one, false) == TABLE_STEP_END)
			cursor = (struct table_cursor){ 0 };
	}
}

static void
write_record(long count)
{
	while (count-- > 0) {
		table_edit(exact, 0, 0)->sampled_ns = count;
		table_commit(exact, 0, 0);
	}
}

static void
write_counters(long count)
{
	struct table_slots slots = table_slots(exact, 0);
	struct record_counters counters = { .turn_us = 12 };

	while (count-- > 0) {
		counters.last_payload_ns++;
		counters.received[LEG_CLIENT] = counters.sent[LEG_UPSTREAM] += MESSAGE;
		table_count(slots, 0, &counters);
	}
}

static pthread_t reader;
static atomic_bool reads;
static atomic_long readings;

static void *
read_often(void *unused)
{
	union record_words copy;

	(void)unused;
	while (atomic_load(&reads)) {
		table_find(exact, watched, &copy);
		atomic_fetch_add(&readings, 1);
	}
	return NULL;
}

static void
begin_reading(void)
{
	long before = atomic_load(&readings);

	atomic_store(&reads, true);
	must(pthread_create(&reader, NULL, read_often, NULL) == 0, "pthread_create");
	while (atomic_load(&readings) == before)
		sched_yield();
}

static void
end_reading(void)
{
	atomic_store(&reads, false);
	pthread_join(reader, NULL);
}

/* What is made of a record. */

static const char *const filter_texts[] = {
	"state == established",
	"client.address in 10.0.0.0/8 and idle < 5m and not upstream == \"db\" and legs.upstream.tcp.rtt_us > 1000",
	"id ~ \"*x*y*z\" or listener ~ \"*x*y*\" or upstream ~ \"*x*y*\" or target.name ~ \"*x*y*\" or node ~ "
	"\"*x*y*\" "
	"or client.address in (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32) or boot ~ \"*x*y*z\" "
	"or opened_at > \"2099-01-01\" or legs.client.socket_cookie ~ \"*x*y*\" or legs.upstream.socket_cookie ~ "
	"\"*x*y*\"",
};
static struct filter *filters[3];

static void
match(int which, long count)
{
	long matched = 0, all = count;

	while (count-- > 0)
		matched += filter_matches(filters[which], &reading);
	must(matched == (which == 2 ? 0 : all), "a filter");
}

static void
match_simple(long count)
{
	match(0, count);
}

static void
match_typical(long count)
{
	match(1, count);
}

static void
match_expensive(long count)
{
	match(2, count);
}

static void
write_line(enum field_view view, long count)
{
	static char bytes[RECORD_JSON_MAX];
	struct text text;

	while (count-- > 0) {
		text_init(&text, bytes, sizeof(bytes));
		record_json_write(&text, &reading, view);
	}
	must(!text.truncated, "a record's JSON");
}

static void
write_short(long count)
{
	write_line(VIEW_SHORT, count);
}

static void
write_full(long count)
{
	write_line(VIEW_FULL, count);
}

static void
publish(long count)
{
	struct event event = { .id = watched, .type = EVENT_CONNECTED, .state = CONN_ESTABLISHED };

	while (count-- > 0)
		bus_publish(track.bus, 0, &event);
}

/* Turns. */

static struct timers *timers;
static struct timer others[TIMERS], timer;
static struct loop *loop;
static struct loop_watch silent;
static int source[2], sink[2];
static struct pump_tools tools;
static struct pump pump;

static void
do_nothing(struct loop_watch *watch, uint32_t events)
{
	(void)watch, (void)events;
}

static void
arm_and_cancel(long count)
{
	while (count-- > 0) {
		timer_arm(timers, &timer, 1 + count % 600 * NS_PER_S);
		timer_cancel(timers, &timer);
	}
}

static void
turn(long count)
{
	while (count-- > 0)
		loop_turn(loop, 0);
}

static void
carry(long count, void (*one_way)(void))
{
	char message[MESSAGE] = "question";

	while (count-- > 0) {
		must(send(source[1], message, MESSAGE, 0) == MESSAGE, "send");
		one_way();
		must(recv(sink[1], message, MESSAGE, MSG_WAITALL) == MESSAGE, "recv");
	}
}

static void
run_pump(void)
{
	pump.readable = true;
	must(pump_run(&pump, &tools, PUMP_RUN_MAX) == PUMP_WAITING, "pump_run");
}

static void
run_bare(void)
{
	static char bytes[LOAN_SIZE];

	must(socket_send(sink[0], bytes, (size_t)socket_recv(source[0], bytes, sizeof(bytes))) == MESSAGE, "send");
}

static void
carry_by_pump(long count)
{
	carry(count, run_pump);
}

static void
carry_bare(long count)
{
	carry(count, run_bare);
}

#define BARE "64 bytes by bare calls, from end to end"

const struct micro micro_parts[] = {
	{ "table walk, 10,000 live: a record", walk_exact, NULL, NULL, NULL },
	{ "table walk, 10,000 live, room for 1,000,000: a record", walk_roomy, NULL, NULL, NULL },
	{ "table walk, all are free again: a slot", walk_freed, NULL, NULL, NULL },
	{ "record write", write_record, NULL, NULL, NULL },
	{ "record write, while another thread reads it", write_record, begin_reading, end_reading, NULL },
	{ "counters write", write_counters, NULL, NULL, NULL },
	{ "counters write, while another thread reads them", write_counters, begin_reading, end_reading, NULL },
	{ "filter, one comparison", match_simple, NULL, NULL, NULL },
	{ "filter, four", match_typical, NULL, NULL, NULL },
	{ "filter, ten, of texts and networks", match_expensive, NULL, NULL, NULL },
	{ "JSON line, short", write_short, NULL, NULL, NULL },
	{ "JSON line, full", write_full, NULL, NULL, NULL },
	{ "event to the bus", publish, NULL, NULL, NULL },
	{ BARE, carry_bare, NULL, NULL, NULL },
	{ "64 bytes by a pump, from end to end", carry_by_pump, NULL, NULL, BARE },
	{ "timer, armed and cancelled among 10,000", arm_and_cancel, NULL, NULL, NULL },
	{ "loop turn with nothing to do", turn, NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static void
prepare_records(void)
{
	struct table_cursor cursor = { 0 };
	struct filter_fault fault;

	settings.pair_count = settings.workers = 1;
	settings.history = 100;
	settings.upstreams[0].target_count = 1;
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	must(track_init(&track, &settings, LIVE) == 0, "track_init");
	exact = make_table(LIVE, LIVE);
	roomy = make_table(MILLION, LIVE);
	freed = make_table(FREED, FREED);
	for (uint32_t slot = 0; slot < FREED; slot++)
		table_release(freed, 0, slot);
	must(table_next(exact, &cursor, &one), "table_next");
	watched = one.record.id;
	static union record_words shown;
	shown = one;
	reading = (struct reading){ .track = &track, .record = &shown.record, .now_ns = clock_now() + NS_PER_S };
	for (int i = 0; i < 3; i++) {
		filters[i] = filter_new(filter_texts[i], &fault);
		must(filters[i] != NULL, fault.message);
	}
}

void
micro_parts_prepare(void)
{
	prepare_records();
	timers = timers_new(0);
	loop = loop_new();
	must(timers != NULL && loop != NULL, "timers and loop");
	for (int i = 0; i < TIMERS; i++)
		timer_arm(timers, &others[i], 1 + i * 7919 % 600 * NS_PER_S);
	must(loop_watch(loop, &silent, eventfd(0, 0), EPOLLIN, do_nothing) == 0, "loop_watch");
	micro_pair(source);
	micro_pair(sink);
	tools = (struct pump_tools){ .loans = loans_new(1), .big = malloc(PUMP_RUN_MAX) };
	must(tools.loans != NULL && tools.big != NULL, "loans");
	pump = (struct pump){ .source = source[0], .sink = sink[0] };
}
