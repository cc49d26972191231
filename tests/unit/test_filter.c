/* SPDX-License-Identifier: MIT */
#include "track/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"
#include "track/conn_id.h"
#include "track/field_names.h"
#include "track/field_words.h"

static struct settings settings;
static struct track track;
static struct congestion_names congestions;
static struct record record;
static struct reading reading;

static void
connect_leg(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	flow_set(&record.legs[leg].flow, &from, &to);
}

/* 10.1.2.3:51234 -> 10.0.0.1:8080 | 10.0.0.1:40000 -> [2001:db8::5]:5432, open for 10 min, idle for 6. */
static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	memset(&congestions, 0, sizeof(congestions));
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	track = (struct track){ .settings = &settings, .boot = 5, .node = "here", .congestions = &congestions };
	record_init(&record);
	record.state = CONN_ESTABLISHED;
	record.id = conn_id_make(0, 0, 1);
	record.opened_ns = NS_PER_S;
	record.opened_at_us = INT64_C(1795447810000042); /* 2026-11-23T15:30:10.000042Z */
	record.last_payload_ns = 241 * NS_PER_S;
	connect_leg(LEG_CLIENT, "10.1.2.3:51234", "10.0.0.1:8080");
	connect_leg(LEG_UPSTREAM, "10.0.0.1:40000", "[2001:db8::5]:5432");
	record.legs[LEG_CLIENT].tcp_state = TCP_IS_ESTABLISHED;
	record.legs[LEG_UPSTREAM].tcp_state = TCP_IS_CLOSE_WAIT;
	record.legs[LEG_UPSTREAM].tcp.rtt_us = 2500;
	record.legs[LEG_UPSTREAM].error = ECONNRESET;
	record.bytes[LEG_CLIENT].received = 70000;
	record.connect_us = 1200;
	record.overlapped = true;
	reading = (struct reading){ .track = &track, .record = &record, .now_ns = 601 * NS_PER_S };
}

static void
close_it(void)
{
	record.state = CONN_CLOSED;
	record.closed_ns = 601 * NS_PER_S;
	record.close.reason = WHY_UPSTREAM_RESET;
	record.close.initiator = BY_UPSTREAM;
	record.close.how = HOW_RST;
	record.close.undelivered[LEG_CLIENT] = 0;
	record.close.undelivered[LEG_UPSTREAM] = 512;
}

static const char yes[] = "yes", no[] = "no", bad[] = "bad";

static const char *
answer(const char *text)
{
	struct filter_fault fault;
	struct filter *filter = filter_new(text, &fault);
	const char *says;

	if (filter == NULL)
		return bad;
	says = filter_matches(filter, &reading) ? yes : no;
	filter_free(filter);
	return says;
}

static const struct {
	const char *text, *answer;
} questions[] = {
	/* names */
	{ "legs.client.bytes_received == 70000", yes },
	{ "bytes_received == 70000", yes },
	{ "bytes_sent == 70000", no },
	{ "idle_us == 360000000", yes },
	{ "idle == 6m", yes },
	{ "age == 10m", yes },
	{ "duration > 9m", yes },
	{ "legs.upstream.tcp.rtt > 2ms", yes },
	{ "rtt > 2ms", yes },
	{ "tcp.rtt > 3ms", no },
	{ "client == 10.1.2.3", yes },
	{ "port == 5432", yes },
	{ "port == 51234", yes },
	{ "port == 5433", no },
	{ "address == 2001:db8::5", yes },
	{ "tcp_state == close_wait", yes },
	{ "legs.client.tcp_state == close_wait", no },

	/* operators */
	{ "idle < 6m", no },
	{ "idle <= 6m", yes },
	{ "idle > 6m", no },
	{ "idle >= 6m", yes },
	{ "idle != 6m", no },
	{ "idle != 5m", yes },
	{ "idle>5m", yes },
	{ "port in (80, 5432)", yes },
	{ "port in 80", no },
	{ "port not in (80, 5432)", no },
	{ "port not in (80, 443)", yes },
	{ "port != 5432", no },
	{ "port != 5433", yes },
	{ "upstream ~ db.*", yes },
	{ "upstream ~ DB.Example:*", yes },
	{ "upstream ~ 'db.[a-f]xample:543?'", yes },
	{ "upstream ~ example", no },
	{ "upstream == 'db.example:5432'", yes },
	{ "upstream == db.example:5432", yes },
	{ "upstream in (web, \"db.example:5432\")", yes },
	{ "listener == 8080", yes },
	{ "client.address ~ 10.1.*", yes },

	/* literals */
	{ "client.address in 10.0.0.0/8", yes },
	{ "client.address in 11.0.0.0/8", no },
	{ "client.address in (192.168.0.0/16, 10.1.0.0/16)", yes },
	{ "client.address == ::ffff:10.1.2.3", yes },
	{ "client.address == 10.0.0.0/8", yes },
	{ "client.address in ::/0", no },
	{ "legs.upstream.tuple.destination_ip in 2001:db8::/32", yes },
	{ "bytes_received > 64k", yes },
	{ "bytes_received > 1MiB", no },
	{ "timings_us.connect == 1200us", yes },
	{ "timings_us.connect < 2ms", yes },
	{ "connect == 1ms", bad },
	{ "opened_at >= 2026-11-23", yes },
	{ "opened_at < 2026-11-23T15:30:10Z", no },
	{ "opened_at == 2026-11-23T15:30:10.000042Z", yes },
	{ "opened_at == 2026-11-23T16:30:10.000042+01:00", yes },
	{ "legs.upstream.errno == ECONNRESET", yes },
	{ "state == established", yes },
	{ "state == \"established\"", yes },
	{ "state in (connecting, established)", yes },
	{ "turns.overlapped", yes },
	{ "turns.overlapped == true", yes },
	{ "turns.overlapped == false", no },
	{ "not turns.overlapped", no },

	/* what joins */
	{ "idle > 5m and age > 9m", yes },
	{ "idle > 5m and age > 11m", no },
	{ "idle > 7m or age > 9m", yes },
	{ "idle > 7m or age > 11m", no },
	{ "not idle > 7m", yes },
	{ "not not idle > 7m", no },
	{ "! idle > 7m", yes },
	{ "idle > 7m and age > 1m or port == 8080", yes },
	{ "port == 8080 or idle > 7m and age > 11m", yes },
	{ "(port == 8080 or idle > 5m) and age > 11m", no },
	{ "not (port == 1 or port == 2) and not (port == 3)", yes },
	{ "idle > 5m && age > 9m || port == 1", yes },
	{ "idle>5m&&age>9m||port==1", yes },
	{ "port==1||idle>7m", no },
	{ "upstream == 'a&&b' or upstream ~ d&*", no },
	{ "idle > 5m AND NOT port == 1", yes },
	{ "client.address in 10.0.0.0/8 and idle > 5m and not upstream == \"db\"", yes },
	{ " \t( ( ( idle > 5m ) ) )\n", yes },

	/* what is unknown */
	{ "legs.client.tcp.rtt > 0us", no },
	{ "legs.client.tcp.rtt <= 1d", no },
	{ "legs.client.tcp.rtt == 0us", no },
	{ "legs.client.tcp.rtt != 0us", no },
	{ "not legs.client.tcp.rtt == 0us", yes },
	{ "legs.client.tcp.rtt == null", yes },
	{ "legs.client.tcp.rtt != null", no },
	{ "legs.upstream.tcp.rtt != null", yes },
	{ "legs.upstream.tcp.rtt == null", no },
	{ "legs.client.tcp.rtt in (null, 5us)", yes },
	{ "close.reason == upstream_reset", no },
	{ "close.reason == null", yes },
	{ "close.clean == false", no },
	{ "close.clean == null", yes },
	{ "closed_at == null", yes },
	{ "closed_at == NULL and turns.overlapped == TRUE", yes },
	{ "closed_at==null&&age>1m", yes },
	{ "upstream == 'null'", no },
	{ "upstream != 'null'", yes },
	{ "close.leg not in (null, client)", no },
	{ "closed_at not in (null)", no },

	/* what is known of one leg alone */
	{ "rtt == null", yes },
	{ "rtt != null", no },
	{ "rtt > 9s", no },
	{ "rtt != 1ms", yes },
	{ "rtt != 2500us", no },
	{ "tcp_state == null", no },
	{ "tcp_state != null", yes },
};

START_TEST(a_question_has_its_answer)
{
	ck_assert_msg(answer(questions[_i].text) == questions[_i].answer, "%s: %s", questions[_i].text,
	    answer(questions[_i].text));
}
END_TEST

START_TEST(an_end_can_be_asked_for_once_it_came)
{
	close_it();
	ck_assert_str_eq(answer("close.reason == upstream_reset and reason in (client_fin, upstream_reset)"), yes);
	ck_assert_str_eq(answer("initiator == upstream and how == rst and not clean"), yes);
	ck_assert_str_eq(answer("undelivered > 0"), yes);
	ck_assert_str_eq(answer("close.undelivered_bytes.to_client > 0"), no);
	ck_assert_str_eq(answer("close.initiator != null and close.leg == null"), yes);
	ck_assert_str_eq(answer("close.detail ~ '*reset the connection*'"), yes);
}
END_TEST

/* Before its socket the upstream's leg is null as a whole. */
START_TEST(a_leg_that_is_not_there_is_unknown)
{
	memset(&record.legs[LEG_UPSTREAM].flow, 0, sizeof(record.legs[LEG_UPSTREAM].flow));
	ck_assert_str_eq(answer("legs.upstream.bytes_received == 0"), no);
	ck_assert_str_eq(answer("legs.upstream.bytes_received == null"), yes);
	ck_assert_str_eq(answer("port == 5432"), no);
}
END_TEST

static const struct {
	const char *text;
	size_t at, length;
	const char *message;
} mistakes[] = {
	{ "", 0, 0, "Expected the name of a field, not or (, and the text ends." },
	{ "   ", 3, 0, "Expected the name of a field, not or (, and the text ends." },
	{ "idel > 5m", 0, 4, "No field is called idel; did you mean idle?" },
	{ "legs.client.tcp.rtt_su > 5m", 0, 22,
	    "No field is called legs.client.tcp.rtt_su; did you mean legs.client.tcp.rtt_us?" },
	{ "tcp.rt > 5m", 0, 6, "No field is called tcp.rt; did you mean tcp.rtt?" },
	{ "flavour == sweet", 0, 7, "No field is called flavour; /schema lists all." },
	{ "state == establishd", 9, 10, "No state is called so; did you mean established?" },
	{ "state == sweet", 9, 5, "No state is called so." },
	{ "reason in (client_fin, upstream_fim)", 23, 12, "No close.reason is called so; did you mean upstream_fin?" },
	{ "legs.client.errno == ECONRESET", 21, 9, "No errno is called so; did you mean ECONNRESET?" },
	{ "state == 5m", 9, 2, "No state is called so." },
	{ "idle > 64k", 7, 3, "Expected a time with its unit, as 250us, 5ms, 30s, 5m, 1h or 2d." },
	{ "idle > 5", 7, 1, "Expected a time with its unit, as 250us, 5ms, 30s, 5m, 1h or 2d." },
	{ "idle > \"5 minutes\"", 7, 11, "Expected a time with its unit, as 250us, 5ms, 30s, 5m, 1h or 2d." },
	{ "bytes_sent > 5m", 13, 2, "Expected a size, as 65536, 64k or 1MiB." },
	{ "turns.count > x", 14, 1, "Expected a number." },
	{ "port == 65536", 8, 5, "Expected a port, 0 to 65535." },
	{ "client == 10.0.0.0/33", 10, 11, "\"10.0.0.0/33\": the prefix must be 0 to 32." },
	{ "opened_at > yesterday", 12, 9, "Expected an instant, as 2026-11-23T15:30:12Z." },
	{ "opened_at > 2026-02-30", 12, 10, "Expected an instant, as 2026-11-23T15:30:12Z." },
	{ "turns.overlapped == yes", 20, 3, "Expected true or false." },
	{ "idle ~ 5*", 5, 1, "~ compares texts, and this is a duration." },
	{ "upstream < b", 9, 1, "There is no smaller or greater text: compare by ==, !=, in or ~." },
	{ "idle > null", 7, 4, "Expected a value: only == and != ask for null." },
	{ "events == 5", 0, 6, "events is a list, which cannot be compared." },
	{ "idle", 4, 0, "Expected ==, !=, <, <=, >, >=, ~ or in, and the text ends." },
	{ "idle = 5m", 5, 1, "Expected ==, !=, <, <=, >, >=, ~ or in." },
	{ "state established", 6, 11, "Expected ==, !=, <, <=, >, >=, ~ or in." },
	{ "idle >", 6, 0, "Expected a value, and the text ends." },
	{ "idle > )", 7, 1, "Expected a value." },
	{ "idle > 5m age > 5m", 10, 3, "Expected and, or, or the end." },
	{ "idle > 5m and", 13, 0, "Expected the name of a field, not or (, and the text ends." },
	{ "(idle > 5m", 10, 0, "Expected and, or, or ), and the text ends." },
	{ "idle > 5m)", 9, 1, "Expected and, or, or the end." },
	{ "port in (80, 443", 16, 0, "Expected , or ), and the text ends." },
	{ "port in ()", 9, 1, "Expected a value." },
	{ "upstream == \"db", 12, 3, "The quote is never closed." },
	{ "upstream == \"d\\b\"", 14, 2, "Behind a \\ in quotes only \\, \" and ' may stand." },
	{ "upstream == \"\\\xe2\x82\xac\"", 13, 4, "Behind a \\ in quotes only \\, \" and ' may stand." },
	{ "upstream == \"d\\", 14, 1, "Behind a \\ in quotes only \\, \" and ' may stand." },
	{ "client == 2001:db8:1111:2222:3333:4444:5555:6666/32", 10, 41,
	    "\"2001:db8:1111:2222:3333:4444:5555:6666/32\": bits are set beyond the prefix: 2001:db8::/32 was meant, "
	    "or "
	    "2001:db8:1111:2222:3333:4444:5555:6666 alone." },
	{ "close != null", 0, 5, "close holds several fields, as close.reason." },
	{ "legs.upstream.tcp == 5", 0, 17, "legs.upstream.tcp holds several fields, as legs.upstream.tcp.sampled_at." },
	{ "upstream == \"\xff\"", 13, 1, "It is no UTF-8 text." },
	{ "\xe2\x82\xac > 5", 0, 3, "Expected the name of a field, not or (." },
};

START_TEST(a_mistake_is_told_with_its_place)
{
	struct filter_fault fault;

	ck_assert_ptr_null(filter_new(mistakes[_i].text, &fault));
	ck_assert_str_eq(fault.message, mistakes[_i].message);
	ck_assert_msg(fault.at == mistakes[_i].at && fault.length == mistakes[_i].length, "%s: at %zu, %zu long",
	    mistakes[_i].text, fault.at, fault.length);
}
END_TEST

static const struct {
	const char *text, *picture;
} pictures[] = {
	{ "idel > 5m", "idel > 5m\n^~~~" },
	{ "idle > 5m and", "idle > 5m and\n             ^" },
	{ "upstream == \"caf\xc3\xa9\" and x > 1", "upstream == \"caf\xc3\xa9\" and x > 1\n                       ^" },
	{ "upstream == \"\x1b[2J\" and \n x > 1", "upstream == \"?[2J\" and ? x > 1\n                         ^" },
};

START_TEST(a_picture_points_at_the_fault)
{
	struct filter_fault fault;
	char bytes[512];
	struct text text;

	ck_assert_ptr_null(filter_new(pictures[_i].text, &fault));
	text_init(&text, bytes, sizeof(bytes));
	filter_fault_write(&fault, pictures[_i].text, &text);
	ck_assert_str_eq(bytes, pictures[_i].picture);
}
END_TEST

/* Many times the same, joined. */
static char *
repeated(const char *piece, int times, const char *end)
{
	char *text = calloc(1, (size_t)times * strlen(piece) + strlen(end) + 1), *at = text;

	for (int i = 0; i < times; i++)
		at = stpcpy(at, piece);
	strcpy(at, end);
	return text;
}

static void
check_refused(char *text, const char *message)
{
	struct filter_fault fault;
	char bytes[1024];
	struct text picture;

	ck_assert_ptr_null(filter_new(text, &fault));
	ck_assert_msg(strncmp(fault.message, message, strlen(message)) == 0, "%s", fault.message);
	ck_assert_uint_le(fault.at + fault.length, strlen(text));
	text_init(&picture, bytes, sizeof(bytes));
	filter_fault_write(&fault, text, &picture);
	ck_assert(!picture.truncated);
	free(text);
}

START_TEST(all_is_bounded)
{
	check_refused(repeated("(", 10000, ""), "It has 10000 bytes");
	check_refused(repeated("(", 1000, "idle > 5m"), "It is nested too deep");
	check_refused(repeated("not ", 100, "idle > 5m"), "It is nested too deep");
	check_refused(repeated("clean or ", 300, "clean"), "It is too long");
	check_refused(repeated("clean or ", 440, "clean"), "It is too long");
	check_refused(repeated("x", 1000000, ""), "It has 1000000 bytes");
	check_refused(repeated("x", 4000, ""), "No field is called");
	char *many = repeated("1,", 300, "1)"), *text = malloc(strlen(many) + 20);
	strcat(strcpy(text, "port in ("), many);
	free(many);
	check_refused(text, "At most 256 values");
	many = repeated("*", 257, "");
	text = malloc(strlen(many) + 20);
	strcat(strcpy(text, "upstream ~ "), many);
	free(many);
	check_refused(text, "A pattern may have at most 256 bytes");
}
END_TEST

START_TEST(what_is_within_the_bounds_is_taken)
{
	char *deep = repeated("(", FILTER_DEPTH_MAX, "idle > 5m"), *closing = repeated(")", FILTER_DEPTH_MAX, "");
	char *text = malloc(strlen(deep) + strlen(closing) + 1), *wide = repeated("port == 1 or ", 255, "age > 1m");

	strcat(strcpy(text, deep), closing);
	ck_assert_str_eq(answer(text), yes);
	ck_assert_str_eq(answer(wide), yes);
	free(deep);
	free(closing);
	free(text);
	free(wide);
}
END_TEST

/* Comparisons that are known to hold or not, joined at random, with as few parentheses as do. */
struct joined {
	struct text text;
	unsigned random;
	char bytes[FILTER_TEXT_MAX];
};

static unsigned
draw(struct joined *joined, unsigned below)
{
	joined->random = joined->random * 1103515245 + 12345;
	return (joined->random >> 16) % below;
}

enum binding { BINDS_OR, BINDS_AND, BINDS_NOT };

/* Whether what it writes holds. */
static bool
join(struct joined *joined, enum binding around, int depth)
{
	static const char *const words[] = { [BINDS_OR] = " or ", [BINDS_AND] = " and " };
	static const char *const holds[] = { "age > 11m", "age > 9m" };
	enum binding kind = (enum binding)draw(joined, 3);
	bool first, second;

	if (depth == 0) {
		unsigned which = draw(joined, 2);

		text_add(&joined->text, holds[which]);
		return which == 1;
	}
	if (kind == BINDS_NOT) {
		text_add(&joined->text, "not ");
		return !join(joined, BINDS_NOT, depth - 1);
	}
	text_add(&joined->text, kind < around ? "(" : "");
	first = join(joined, kind, depth - 1);
	text_add(&joined->text, words[kind]);
	second = join(joined, kind, depth - 1);
	text_add(&joined->text, kind < around ? ")" : "");
	return kind == BINDS_OR ? first || second : first && second;
}

START_TEST(what_joins_holds_as_its_parts_say)
{
	for (unsigned seed = 0; seed < 20000; seed++) {
		struct joined joined = { .random = seed };

		text_init(&joined.text, joined.bytes, sizeof(joined.bytes));
		bool holds = join(&joined, BINDS_OR, (int)draw(&joined, 6));
		ck_assert(!joined.text.truncated);
		ck_assert_msg(answer(joined.bytes) == (holds ? yes : no), "%s", joined.bytes);
	}
}
END_TEST

START_TEST(a_field_is_found_by_its_path_and_without_its_unit)
{
	struct field_name name = field_name_find(field_meanings[_i].path);

	ck_assert_int_eq(name.count, 1);
	ck_assert_int_eq(name.fields[0], _i);
}
END_TEST

START_TEST(a_short_name_is_no_path_and_of_one_type)
{
	for (int i = 0; field_name_short(i) != NULL; i++) {
		struct field_name name = field_name_find(field_name_short(i));

		ck_assert_int_gt(name.count, 0);
		for (int j = 0; j < name.count; j++)
			ck_assert_int_eq(field_meanings[name.fields[j]].type, field_meanings[name.fields[0]].type);
		for (int field = 0; field < FIELD_COUNT; field++)
			ck_assert_str_ne(field_meanings[field].path, field_name_short(i));
	}
}
END_TEST

START_TEST(fields_of_words_have_some_and_others_none)
{
	const char *words[FIELD_WORDS_MAX + 1];
	int count = field_words((enum field)_i, words);

	ck_assert_int_eq(count > 0, field_meanings[_i].type == TYPE_WORD);
	ck_assert_int_le(count, FIELD_WORDS_MAX);
	ck_assert_ptr_null(words[count]);
	for (int i = 0; i < count; i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s == %s", field_meanings[_i].path, words[i]);
		ck_assert_str_ne(answer(text), bad);
	}
}
END_TEST

/* Nobody's filter is null by mistake. */
START_TEST(no_filter_matches_all)
{
	ck_assert(filter_matches(NULL, &reading));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/filter");
	TCase *questions_case = tcase_create("questions"), *mistakes_case = tcase_create("mistakes"),
	      *names = tcase_create("names");

	tcase_add_checked_fixture(questions_case, setup, NULL);
	tcase_set_timeout(questions_case, 60);
	tcase_add_loop_test(questions_case, a_question_has_its_answer, 0, sizeof(questions) / sizeof(questions[0]));
	tcase_add_test(questions_case, what_joins_holds_as_its_parts_say);
	tcase_add_test(questions_case, an_end_can_be_asked_for_once_it_came);
	tcase_add_test(questions_case, a_leg_that_is_not_there_is_unknown);
	tcase_add_test(questions_case, no_filter_matches_all);
	tcase_add_checked_fixture(mistakes_case, setup, NULL);
	tcase_add_loop_test(mistakes_case, a_mistake_is_told_with_its_place, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_loop_test(mistakes_case, a_picture_points_at_the_fault, 0, sizeof(pictures) / sizeof(pictures[0]));
	tcase_add_test(mistakes_case, all_is_bounded);
	tcase_add_test(mistakes_case, what_is_within_the_bounds_is_taken);
	tcase_add_checked_fixture(names, setup, NULL);
	tcase_add_loop_test(names, a_field_is_found_by_its_path_and_without_its_unit, 0, FIELD_COUNT);
	tcase_add_test(names, a_short_name_is_no_path_and_of_one_type);
	tcase_add_loop_test(names, fields_of_words_have_some_and_others_none, 0, FIELD_COUNT);
	suite_add_tcase(suite, questions_case);
	suite_add_tcase(suite, mistakes_case);
	suite_add_tcase(suite, names);
	return suite_main(suite);
}
