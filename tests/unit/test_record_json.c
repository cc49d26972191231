/* SPDX-License-Identifier: MIT */
#include "export/record_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "export/json.h"
#include "net/socket.h"
#include "support/suite.h"
#include "track/conn_id.h"
#include "track/story.h"

enum { RECORDS = 10000 };

static struct settings settings;
static struct track track;
static union record_words words;
static struct reading reading;
static char room[RECORD_JSON_MAX];
static struct text text;

static const char *const names[] = {
	"8080",
	"",
	"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	"\"quoted\\\" /slash/ \x7f",
	"\x01\x02\b\t\n\v\f\r\x1b\x1f",
	"\xff\xfe\xc0\xaf\x80",                    /* never allowed, overlong, alone */
	"\xe2\x82",                                /* cut off */
	"\xe2\x82\"\xf0\x9f\x98x\xed\xa0\x80",     /* cut off by others; a surrogate */
	"\xf4\x90\x80\x80 \xef\xbf\xbe \xc3\x28 ", /* above U+10FFFF; none, but valid; no follower */
	"</script>\xe2\x80\xa8",
};

static const char *
some_name(void)
{
	return names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))];
}

static int64_t
some_number(void)
{
	static const int64_t extremes[] = { RECORD_UNKNOWN, 0, 9, 10, 99, 100, 4294967295, INT64_MAX, INT64_MIN };

	return rand() % 2 == 0 ? extremes[(size_t)rand() % (sizeof(extremes) / sizeof(extremes[0]))]
			       : (int64_t)rand() << (rand() % 32);
}

static void
fill_flow(struct flow *flow)
{
	for (size_t i = 0; i < sizeof(flow->source.ip); i++) {
		flow->source.ip[i] = (uint8_t)(rand() % 4 == 0 ? rand() : 0);
		flow->destination.ip[i] = (uint8_t)rand();
	}
	if (rand() % 2 == 0) {
		memset(flow->source.ip, 0, 10);
		memset(flow->source.ip + 10, 0xff, 2);
	}
	flow->source.port = (uint16_t)rand();
	flow->destination.port = (uint16_t)(rand() % 3 == 0 ? 0 : rand());
	flow->protocol = (uint8_t)(rand() % (FLOW_UNIX + 1));
}

static void
fill_leg(struct record_leg *leg)
{
	fill_flow(&leg->flow);
	leg->tcp_state = (uint8_t)(rand() % 16);
	leg->error = rand() % 2 == 0 ? ECONNRESET : 0;
	leg->fd = rand() % 100 - 1;
	leg->socket_cookie = (uint64_t)some_number();
	leg->fin_received_us = some_number();
	leg->fin_sent_us = some_number();
	leg->rst_received_us = some_number();
	leg->rst_sent_us = some_number();
	leg->congestion = (uint8_t)(rand() % 2);
	leg->limited_by = (uint8_t)(rand() % LIMIT_COUNT);
	leg->receive_queue_bytes = (uint32_t)some_number();
	leg->rate_sent = (float)(rand() % 1000 - 100);
	if (rand() % 2 == 0)
		return;
	for (size_t i = 0; i < sizeof(leg->tcp); i++)
		((uint8_t *)&leg->tcp)[i] = (uint8_t)rand();
}

/* Up to as many notes as a record can have, of all kinds. */
static void
fill_notes(struct record *record)
{
	for (record->notes = 0; record->notes < rand() % (NOTES_MAX + 1); record->notes++) {
		struct note note = {
			.id = record->id,
			.next = record->first_note,
			.kind = (uint8_t)(rand() % (NOTE_TEXT + 1)),
			.leg = (uint8_t)(rand() % LEG_COUNT),
			.error = rand() % 2 == 0 ? ECONNREFUSED : EHOSTUNREACH,
			.at_us = rand(),
		};

		if (note.kind == NOTE_TEXT) {
			snprintf(note.text, sizeof(note.text), "%.31s", some_name());
		} else {
			note.until_us = rand() % 2 == 0 ? note.at_us + rand() : RECORD_UNKNOWN;
			note.address.port = (uint16_t)(rand() % 3);
			note.reached = (uint8_t)(rand() % (CONNECT_CONNECT + 1));
			note.bound = rand() % 2 == 0;
		}
		record->first_note = notes_add(track.notes, 0, &note);
		ck_assert_uint_ne(record->first_note, 0);
	}
}

static void
fill_record(struct record *record)
{
	notes_release(track.notes, 0, record->first_note);
	record_init(record);
	record->state = (uint8_t)(rand() % CONN_STATES);
	record->kind = (uint8_t)(rand() % KIND_COUNT);
	record->revision = (uint64_t)some_number();
	record->id = (uint64_t)some_number();
	record->opened_ns = rand();
	record->closed_ns = record->state == CONN_CLOSED ? record->opened_ns + rand() : 0;
	record->opened_at_us = 1750000000000000 + (int64_t)rand() * 1000;
	record->last_payload_ns = rand() % 2 == 0 ? 0 : record->opened_ns + rand() % 1000;
	record->target_chosen = rand() % 2 == 0;
	record->attempts = (uint16_t)rand();
	record->attempt.began_us = rand() % 2 == 0 ? rand() : RECORD_UNKNOWN;
	record->attempt.ended_us = rand() % 2 == 0 ? rand() : RECORD_UNKNOWN;
	record->attempt.error = rand() % 2 == 0 ? ETIMEDOUT : 0;
	record->attempt.reached = (uint8_t)(rand() % (CONNECT_CONNECT + 1));
	record->connect_us = some_number();
	record->turns.count = (uint64_t)(rand() % 3);
	record->turns.max_us = rand();
	fill_notes(record);
	for (int i = 0; i < LEG_COUNT; i++) {
		fill_leg(&record->legs[i]);
		record->bytes[i].received = (uint64_t)some_number();
		record->bytes[i].sent = (uint64_t)some_number();
		record->close.undelivered[i] = some_number();
	}
	if (record->state == CONN_CLOSED) {
		record->close.reason = (uint8_t)(WHY_NONE + 1 + rand() % (WHY_COUNT - 1));
		record->close.initiator = (uint8_t)(rand() % (BY_ADMIN + 1));
		record->close.how = (uint8_t)(rand() % (HOW_ERROR + 1));
		record->close.order = (uint8_t)(rand() % ORDER_COUNT);
		record->close.leg = (uint8_t)(rand() % (LEG_NONE + 1));
		record->close.clean = rand() % 2 == 0;
	}
}

static void
fill_names(void)
{
	strcpy(settings.listeners[0].name, some_name());
	strcpy(settings.upstreams[0].name, some_name());
	strcpy(settings.upstreams[0].targets[0].name, some_name());
	strcpy(settings.listeners[0].addr.local.sun_path, some_name());
	strcpy(settings.upstreams[0].targets[0].addr.local.sun_path, some_name());
	strcpy(track.node, some_name());
}

static json_t *
json_of(struct value value)
{
	char shown[INET6_ADDRSTRLEN];

	switch (value.kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		return json_boolean(value.truth);
	case VALUE_NUMBER:
		return json_integer(value.number);
	case VALUE_INSTANT:
		return json_text(clock_format(value.number, shown, sizeof(shown)));
	case VALUE_ADDRESS:
		return json_text(flow_ip_format(value.end, shown));
	case VALUE_TEXT:
		return json_text(value.text);
	case VALUE_LIST:
		break;
	}
	return json_null();
}

static json_t *
json_of_attempts(void)
{
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	json_t *list = json_array();
	int count = story_attempts(&track, &words.record, attempts);
	char ip[INET6_ADDRSTRLEN];

	for (int i = 0; i < count; i++) {
		const struct story_attempt *it = &attempts[i];
		json_t *object = json_object();
		bool has_ip = it->address.port != 0, ended = it->ended_us != RECORD_UNKNOWN;

		json_add_text(object, "target", settings.upstreams[0].targets[it->target].name);
		json_add_text(object, "address", has_ip ? flow_ip_format(&it->address, ip) : NULL);
		json_object_set_new(object, "port", has_ip ? json_integer(it->address.port) : json_null());
		json_object_set_new(object, "at_us", json_integer(it->began_us));
		json_object_set_new(
		    object, "duration_us", ended ? json_integer(it->ended_us - it->began_us) : json_null());
		json_add_text(object, "result", story_attempt_result(it));
		json_add_text(object, "errno", it->error == 0 ? NULL : strerrorname_np(it->error));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
json_of_events(void)
{
	struct story_event events[STORY_EVENTS_MAX];
	json_t *list = json_array();
	int count = story_events(&track, &words.record, events);

	for (int i = 0; i < count; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "at_us", json_integer(events[i].at_us));
		json_add_text(object, "leg", leg_text(events[i].leg));
		json_add_text(object, "event", story_step_text(events[i].step));
		json_add_text(object, "errno", events[i].error == 0 ? NULL : strerrorname_np(events[i].error));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
json_of_field(enum field field)
{
	if (field_meanings[field].type == TYPE_ATTEMPTS)
		return json_of_attempts();
	if (field_meanings[field].type == TYPE_EVENTS)
		return json_of_events();
	return json_of(field_read(&reading, field));
}

/* True: the path leads into an object that is null as a whole, which now it is. */
static bool
add_null_object(json_t *document, const char *path, size_t length)
{
	for (int object = 0; object < FIELD_OBJECTS; object++) {
		const char *name = field_object_paths[object], *leaf = strrchr(name, '.');

		if (strlen(name) == length && strncmp(path, name, length) == 0 &&
		    field_object_is_null(&words.record, (enum field_object)object)) {
			json_object_set_new(document, leaf == NULL ? name : leaf + 1, json_null());
			return true;
		}
	}
	return false;
}

static void
add_field(json_t *document, enum field field)
{
	const char *path = field_meanings[field].path, *from = path, *dot;
	char key[64];

	for (; (dot = strchr(from, '.')) != NULL; from = dot + 1) {
		if (add_null_object(document, path, (size_t)(dot - path)))
			return;
		*(char *)mempcpy(key, from, (size_t)(dot - from)) = '\0';
		json_t *inner = json_object_get(document, key);
		document = inner != NULL ? inner : json_add_object(document, key);
	}
	json_object_set_new(document, from, json_of_field(field));
}

static char *
jansson_writes(const struct field_set *fields)
{
	json_t *document = json_object();

	for (int field = 0; field < FIELD_COUNT; field++) {
		if (fields->has[field])
			add_field(document, (enum field)field);
	}
	char *written = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return written;
}

static const char *
we_write(enum field_view view)
{
	text_init(&text, room, sizeof(room));
	record_json_write(&text, &reading, view);
	ck_assert(!text.truncated);
	return room;
}

static void
setup(void)
{
	srand(1);
	track = (struct track){ .settings = &settings, .boot = 0x123456789a };
	track.notes = notes_new(1, 2 * NOTES_MAX);
	track.congestions = calloc(1, sizeof(track.congestions[0]));
	congestion_number(track.congestions, "cubic");
	record_init(&words.record);
	reading = (struct reading){ .track = &track, .record = &words.record, .now_ns = 3000000000 };
	fill_names();
}

static void
teardown(void)
{
	notes_free(track.notes);
	free(track.congestions);
}

START_TEST(every_record_is_written_as_jansson_would)
{
	enum field_view view = (enum field_view)_i;
	int states[CONN_STATES] = { 0 }, without_upstream = 0;
	struct field_set fields;

	field_set_of_view(&fields, view);
	for (int i = 0; i < RECORDS; i++) {
		fill_names();
		fill_record(&words.record);
		char *expected = jansson_writes(&fields);
		ck_assert_ptr_nonnull(expected);
		ck_assert_str_eq(we_write(view), expected);
		free(expected);
		states[words.record.state]++;
		without_upstream += field_object_is_null(&words.record, OBJECT_UPSTREAM_LEG);
	}
	for (int state = 0; state < CONN_STATES; state++)
		ck_assert_int_gt(states[state], 0);
	ck_assert_int_gt(without_upstream, 0);
	ck_assert_int_lt(without_upstream, RECORDS);
}
END_TEST

/* A few of them, or most, or one alone. */
static void
choose_fields(struct field_set *fields)
{
	int one_of = 1 << rand() % 8;

	for (int field = 0; field < FIELD_COUNT; field++)
		fields->has[field] = rand() % one_of == 0;
	fields->has[rand() % FIELD_COUNT] = rand() % 2 == 0;
}

START_TEST(any_fields_are_written_as_jansson_would)
{
	static struct record_form form;
	struct field_set fields;

	for (int i = 0; i < RECORDS; i++) {
		fill_record(&words.record);
		choose_fields(&fields);
		char *expected = jansson_writes(&fields);
		record_form_init(&form, &fields);
		text_init(&text, room, sizeof(room));
		record_json_write_as(&text, &reading, &form);
		ck_assert(!text.truncated);
		ck_assert_str_eq(room, expected);
		free(expected);
	}
}
END_TEST

START_TEST(every_path_of_the_view_is_there)
{
	enum field_view view = (enum field_view)_i;

	do
		fill_record(&words.record);
	while (words.record.state != CONN_CLOSED || words.record.legs[LEG_UPSTREAM].flow.protocol == FLOW_NONE);
	json_t *record = json_loads(we_write(view), 0, NULL);
	ck_assert_ptr_nonnull(record);
	for (int field = 0; field < FIELD_COUNT; field++) {
		char path[64], *rest = strcpy(path, field_meanings[field].path), *key;
		json_t *at = record;

		while ((key = strsep(&rest, ".")) != NULL)
			at = json_object_get(at, key);
		bool wanted = field_meanings[field].view <= view;
		ck_assert_msg((at != NULL) == wanted, "%s", field_meanings[field].path);
	}
	json_decref(record);
}
END_TEST

static void
check_is_null(const char *object, const char *key)
{
	json_t *record = json_loads(we_write(VIEW_SINGLE), 0, NULL), *at = record;

	ck_assert_ptr_nonnull(record);
	if (object != NULL)
		at = json_object_get(record, object);
	ck_assert(json_is_null(json_object_get(at, key)));
	json_decref(record);
}

START_TEST(an_upstream_leg_without_a_socket_is_null)
{
	record_init(&words.record);
	check_is_null("legs", "upstream");
}
END_TEST

START_TEST(close_is_null_while_open)
{
	record_init(&words.record);
	check_is_null(NULL, "close");
}
END_TEST

START_TEST(foreign_bytes_become_replacement_characters)
{
	json_t *record;

	record_init(&words.record);
	strcpy(settings.listeners[0].name, "a\xff\xe2\x82z\"");
	record = json_loads(we_write(VIEW_SHORT), 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(record, "listener")), "a\xef\xbf\xbd\xef\xbf\xbdz\"");
	json_decref(record);
}
END_TEST

/* Control characters take six bytes each, and every target that is tried may have a name of its own. */
START_TEST(the_longest_record_fits)
{
	do
		fill_record(&words.record);
	while (words.record.state != CONN_CLOSED);
	notes_release(track.notes, 0, words.record.first_note);
	words.record.first_note = 0;
	words.record.attempt.began_us = INT64_MAX - 1;
	for (words.record.notes = 0; words.record.notes < NOTES_MAX; words.record.notes++) {
		struct note note = {
			.id = words.record.id,
			.next = words.record.first_note,
			.kind = NOTE_ATTEMPT,
			.error = ENOTRECOVERABLE,
			.at_us = INT64_MAX - words.record.notes,
			.until_us = INT64_MAX,
			.reached = CONNECT_CONNECT,
			.bound = true,
			.address.port = 65535,
		};

		memset(note.address.ip, 0xff, sizeof(note.address.ip));
		words.record.first_note = notes_add(track.notes, 0, &note);
	}
	for (int i = 0; i < LEG_COUNT; i++)
		words.record.legs[i].flow.protocol = FLOW_UNIX;
	words.record.target_chosen = true;
	memset(settings.listeners[0].name, 1, sizeof(settings.listeners[0].name) - 1);
	memset(settings.upstreams[0].name, 1, sizeof(settings.upstreams[0].name) - 1);
	memset(settings.upstreams[0].targets[0].name, 1, sizeof(settings.upstreams[0].targets[0].name) - 1);
	memset(settings.listeners[0].addr.local.sun_path, 1, sizeof(settings.listeners[0].addr.local.sun_path) - 1);
	memset(settings.upstreams[0].targets[0].addr.local.sun_path, 1,
	    sizeof(settings.listeners[0].addr.local.sun_path) - 1);
	memset(track.node, 1, sizeof(track.node) - 1);
	we_write(VIEW_SINGLE);
	ck_assert_uint_gt(text.length, RECORD_JSON_MAX / 2);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_and_says_so)
{
	static char small[RECORD_JSON_MAX];
	size_t whole = strlen(we_write(VIEW_SINGLE));

	for (size_t size = 1; size <= whole; size++) {
		memset(small, 'x', whole + 1);
		text_init(&text, small, size);
		record_json_write(&text, &reading, VIEW_SINGLE);
		ck_assert(text.truncated);
		ck_assert_uint_lt(text.length, size);
		ck_assert_int_eq(small[text.length], '\0');
		ck_assert_int_eq(small[size], 'x');
		ck_assert_int_eq(strncmp(small, room, text.length), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export/record_json");
	TCase *tcase = tcase_create("one record");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, every_record_is_written_as_jansson_would, VIEW_SHORT, FIELD_VIEWS);
	tcase_add_test(tcase, any_fields_are_written_as_jansson_would);
	tcase_add_loop_test(tcase, every_path_of_the_view_is_there, VIEW_SHORT, FIELD_VIEWS);
	tcase_add_test(tcase, an_upstream_leg_without_a_socket_is_null);
	tcase_add_test(tcase, close_is_null_while_open);
	tcase_add_test(tcase, foreign_bytes_become_replacement_characters);
	tcase_add_test(tcase, the_longest_record_fits);
	tcase_add_test(tcase, what_does_not_fit_is_cut_and_says_so);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
