/* SPDX-License-Identifier: MIT */
/*
 * The manual against the program: what the one has and the other has not is a failure, either way.
 *
 * sockproxy-api.7 is taken as it was made, from the build directory: a row that man/tables.awk
 * passes over, or writes wrongly, is missing here.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/event_stream.h"
#include "client/commands.h"
#include "config/options.h"
#include "export/metrics.h"
#include "export/record_json.h"
#include "net/socket.h"
#include "support/suite.h"
#include "track/close_reason.h"
#include "track/conn_state.h"
#include "track/explain.h"
#include "track/fields.h"
#include "track/filter.h"
#include "track/story.h"
#include "track/totals.h"

enum { PAGE_MAX = 1 << 17, ITEMS_MAX = 256 };

enum page { SOCKPROXY_1, SOCKPROXY_8, SOCKPROXY_API_7 };

static char page[PAGE_MAX];
static char *items[ITEMS_MAX + 1]; /* what stands behind each .It, and all up to the next */
static int item_count;

static void
read_page(enum page which)
{
	char path[4096];
	const char *srcdir = getenv("srcdir");

	if (which != SOCKPROXY_API_7)
		snprintf(path, sizeof(path), "%s/man/sockproxy.%d", srcdir == NULL ? "." : srcdir,
		    which == SOCKPROXY_1 ? 1 : 8);
	else
		snprintf(path, sizeof(path), "man/sockproxy-api.7");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	size_t length = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	ck_assert_uint_lt(length, sizeof(page) - 1);
	page[length] = '\0';
}

/* One section or subsection of the page, ".Sh OPTIONS" or ".Ss Steps", up to what begins with `end`. */
static char *
take_section(enum page which, const char *heading, const char *end)
{
	char text[80];

	read_page(which);
	snprintf(text, sizeof(text), "\n%s\n", heading);
	char *at = strstr(page, text);
	ck_assert_msg(at != NULL, "no %s", heading);
	at += strlen(text) - 1;
	char *next = strstr(at, end);
	if (next != NULL)
		*next = '\0';
	return at;
}

/* The items of a section, those with this macro. */
static void
take_items(enum page which, const char *heading, const char *macro)
{
	char text[80], *at = take_section(which, heading, "\n.S");

	snprintf(text, sizeof(text), "\n.It %s ", macro);
	for (item_count = 0; (at = strstr(at, text)) != NULL; item_count++) {
		ck_assert_int_lt(item_count, ITEMS_MAX);
		*at = '\0'; /* the one before ends here */
		at += strlen(text);
		items[item_count] = at;
	}
}

/* The first line of an item must be this. */
static void
check_item(int i, const char *want)
{
	ck_assert_msg(i < item_count, "missing: %s", want);
	size_t length = strcspn(items[i], "\n");
	ck_assert_msg(strlen(want) == length && strncmp(items[i], want, length) == 0, "\"%.*s\" where %s should be",
	    (int)length, items[i], want);
}

static void
check_end(int i)
{
	ck_assert_msg(i == item_count, "there is no such thing: %.40s", items[i]);
}

/* A list of the words of an enumeration, each once and in this order. */
static void
check_words(const char *heading, const char *const words[], int count)
{
	take_items(SOCKPROXY_API_7, heading, "Cm");
	for (int i = 0; i < count; i++)
		check_item(i, words[i]);
	check_end(count);
}

/* A row of a table; a total has no second cell. */
struct row {
	const char *part; /* the subsection */
	const char *name, *first, *second;
	char meaning[512];
};
static struct row rows[ITEMS_MAX + 1];
static int row_count;

enum place { IN_TEXT, IN_FORMATS, IN_HEADING, IN_ROWS, IN_MEANING };

/* "name TAB first TAB second TAB T{", or the name alone on the line before. */
static enum place
begin_row(char *line)
{
	struct row *row = &rows[row_count];

	ck_assert_int_lt(row_count, ITEMS_MAX);
	if (strchr(line, '\t') == NULL) {
		row->name = line;
		return IN_ROWS;
	}
	char *name = strsep(&line, "\t");
	ck_assert_msg((*name == '\0') == (row->name != NULL), "one name belongs to each row: %s", name);
	row->name = row->name != NULL ? row->name : name;
	row->first = strsep(&line, "\t");
	row->second = strncmp(line, "T{", 2) == 0 ? NULL : strsep(&line, "\t");
	ck_assert_str_eq(line, "T{");
	return IN_MEANING;
}

/* roff's own spellings are undone. */
static enum place
add_to_meaning(const char *line)
{
	char *meaning = rows[row_count].meaning;
	size_t length = strlen(meaning);

	if (strcmp(line, "T}") == 0) {
		row_count++;
		return IN_ROWS;
	}
	if (strcmp(line, ".nh") == 0)
		return IN_MEANING;
	ck_assert_msg(line[0] != '.' && line[0] != '\'', "roff would take this for a request: %s", line);
	ck_assert_uint_lt(length + strlen(line) + 1, sizeof(rows[0].meaning));
	if (length > 0)
		meaning[length++] = ' ';
	while (*line != '\0') {
		static const struct {
			const char *roff, *plain;
		} spellings[] = { { "\\-", "-" }, { "\\(ga", "`" }, { "\\e", "\\" }, { "\\&", "" } };
		const char *plain = NULL;

		for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]) && plain == NULL; i++) {
			if (strncmp(line, spellings[i].roff, strlen(spellings[i].roff)) == 0) {
				plain = spellings[i].plain;
				line += strlen(spellings[i].roff);
			}
		}
		if (plain == NULL)
			meaning[length++] = *line++;
		else
			length += strlen(strcpy(meaning + length, plain));
	}
	meaning[length] = '\0';
	return IN_MEANING;
}

static void
take_rows(const char *heading)
{
	char *rest = take_section(SOCKPROXY_API_7, heading, "\n.Sh "), *line;
	enum place place = IN_TEXT;
	const char *part = "";

	memset(rows, 0, sizeof(rows));
	for (row_count = 0; (line = strsep(&rest, "\n")) != NULL;) {
		if (strncmp(line, ".Ss ", 4) == 0)
			part = line + 4;
		else if (strcmp(line, ".TS") == 0)
			place = IN_FORMATS;
		else if (strcmp(line, ".TE") == 0)
			place = IN_TEXT;
		else if (place == IN_FORMATS && strchr(line, '.') != NULL)
			place = IN_HEADING;
		else if (place == IN_HEADING)
			place = IN_ROWS;
		else if (place == IN_ROWS)
			place = begin_row(line);
		else if (place == IN_MEANING)
			place = add_to_meaning(line);
		rows[row_count].part = part; /* of the row that comes next */
	}
	ck_assert_int_eq(place, IN_TEXT);
}

static void
check_row(const struct row *row, const char *first, const char *second, const char *meaning)
{
	ck_assert_msg(strcmp(row->first, first) == 0, "%s: \"%s\" where %s should be", row->name, row->first, first);
	if (second != NULL)
		ck_assert_msg(row->second != NULL && strcmp(row->second, second) == 0, "%s: no %s", row->name, second);
	ck_assert_msg(strcmp(row->meaning, meaning) == 0, "%s: %s", row->name, row->meaning);
}

static const char *
told_path(enum field field, char path[96])
{
	static const char leg[] = "legs.client.";

	if (strncmp(field_meanings[field].path, leg, strlen(leg)) == 0)
		snprintf(path, 96, "legs.X.%s", field_meanings[field].path + strlen(leg));
	else
		snprintf(path, 96, "%s", field_meanings[field].path);
	return path;
}

/* The client's, where it is told for both legs. */
static enum field
field_of_row(const struct row *row)
{
	const char *part = strcmp(row->part, "The connection") == 0 ? "" : row->part;
	char want[96], path[96];

	snprintf(want, sizeof(want), "%s%s%s", part, *part == '\0' ? "" : ".", row->name);
	for (int field = 0; field < FIELD_COUNT; field++) {
		if (strcmp(told_path((enum field)field, path), want) == 0)
			return (enum field)field;
	}
	ck_abort_msg("there is no such field: %s", want);
}

START_TEST(every_field_has_a_row)
{
	static const char *const views[FIELD_VIEWS] = { "short", "full", "single" };
	static const char twin[] = "legs.upstream.";
	bool told[FIELD_COUNT] = { false };
	enum field before = 0;

	take_rows(".Sh THE RECORD");
	for (int i = 0; i < row_count; i++) {
		enum field field = field_of_row(&rows[i]);
		const struct field_meaning *meaning = &field_meanings[field];

		ck_assert_msg(!told[field], "twice: %s", meaning->path);
		told[field] = true;
		check_row(&rows[i], field_type_texts[meaning->type], views[meaning->view], meaning->meaning);
		if (i > 0 && strcmp(rows[i].part, rows[i - 1].part) == 0)
			ck_assert_msg(field > before, "%s stands out of order", meaning->path);
		before = field;
	}
	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path;

		ck_assert_msg(told[field] || strncmp(path, twin, strlen(twin)) == 0, "missing: %s", path);
	}
}
END_TEST

/* They are told together. */
START_TEST(both_legs_have_the_same_fields)
{
	int apart = FIELD_legs_upstream_tuple_protocol - FIELD_legs_client_tuple_protocol;

	for (int field = 0; field < apart; field++) {
		const struct field_meaning *client = &field_meanings[FIELD_legs_client_tuple_protocol + field],
					   *upstream = client + apart;

		ck_assert_str_eq(client->path + strlen("legs.client."), upstream->path + strlen("legs.upstream."));
		ck_assert_int_eq(client->type, upstream->type);
		ck_assert_int_eq(client->view, upstream->view);
		ck_assert_str_eq(client->meaning, upstream->meaning);
	}
}
END_TEST

START_TEST(every_type_has_a_line)
{
	const char *words[FIELD_TYPES];
	int count = 0;

	for (int type = 0; type < FIELD_TYPES; type++) {
		if (count == 0 || strcmp(words[count - 1], field_type_texts[type]) != 0)
			words[count++] = field_type_texts[type];
	}
	check_words(".Ss Types", words, count);
}
END_TEST

START_TEST(every_type_of_event_has_a_line)
{
	check_words(".Ss Event types", event_names, EVENT_NAMES);
}
END_TEST

START_TEST(every_state_has_a_line)
{
	const char *words[CONN_STATES];

	for (int state = 0; state < CONN_STATES; state++)
		words[state] = conn_state_text((enum conn_state)state);
	check_words(".Sh STATES", words, CONN_STATES);
}
END_TEST

START_TEST(every_kind_has_a_line)
{
	const char *words[KIND_COUNT];

	for (int kind = 0; kind < KIND_COUNT; kind++)
		words[kind] = record_kind_text((enum record_kind)kind);
	check_words(".Ss Kinds", words, KIND_COUNT);
}
END_TEST

START_TEST(every_kind_of_finding_has_a_line)
{
	const char *words[FINDING_KINDS];

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		words[kind] = finding_kind_text((enum finding_kind)kind);
	check_words(".Ss Kinds of findings", words, FINDING_KINDS);
}
END_TEST

START_TEST(every_limit_has_a_line)
{
	const char *words[LIMIT_COUNT];

	for (int limit = LIMIT_UNKNOWN + 1; limit < LIMIT_COUNT; limit++)
		words[limit - 1] = limit_text((enum limit)limit);
	check_words(".Ss limited_by", words, LIMIT_COUNT - 1);
}
END_TEST

START_TEST(every_step_has_a_line)
{
	const char *words[STORY_STEPS];

	for (int step = 0; step < STORY_STEPS; step++)
		words[step] = story_step_text((enum story_step)step);
	check_words(".Ss Steps", words, STORY_STEPS);
}
END_TEST

START_TEST(every_word_of_an_end_has_a_line)
{
	const char *words[8];

	for (int by = BY_CLIENT; by <= BY_ADMIN; by++)
		words[by - 1] = close_initiator_text((enum close_initiator)by);
	check_words(".Ss Initiator", words, BY_ADMIN);
	for (int how = HOW_FIN; how <= HOW_ERROR; how++)
		words[how - 1] = close_how_text((enum close_how)how);
	check_words(".Ss How", words, HOW_ERROR);
	for (int order = ORDER_CLIENT_FIRST; order < ORDER_COUNT; order++)
		words[order - 1] = close_order_text((enum close_order)order);
	check_words(".Ss Order", words, ORDER_COUNT - 1);
}
END_TEST

/* The members of the first object in this list of a record. */
static void
check_members(const json_t *record, const char *list)
{
	json_t *object = json_array_get(json_object_get(record, list), 0), *value;
	char heading[80];
	const char *key;
	int count = 0;

	snprintf(heading, sizeof(heading), ".Ss %s", list);
	take_items(SOCKPROXY_API_7, heading, "Cm");
	json_object_foreach(object, key, value)
		check_item(count++, key);
	ck_assert_int_gt(count, 0);
	check_end(count);
}

START_TEST(attempts_and_events_have_a_line_for_each_member)
{
	static struct settings settings;
	static char room[RECORD_JSON_MAX];
	static struct record record;
	static struct track track = { .settings = &settings };
	struct reading reading = { .track = &track, .record = &record };
	struct text text;

	track.congestions = calloc(1, sizeof(track.congestions[0]));
	record_init(&record);
	record.attempt.began_us = 0;
	text_init(&text, room, sizeof(room));
	record_json_write(&text, &reading, VIEW_SINGLE);
	json_t *written = json_loads(room, 0, NULL);
	ck_assert_ptr_nonnull(written);
	check_members(written, "attempts");
	check_members(written, "events");
	json_decref(written);
	free(track.congestions);
}
END_TEST

START_TEST(every_result_of_an_attempt_is_named)
{
	static const uint16_t errors[] = { 0, ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ECONNRESET, EADDRNOTAVAIL,
		EACCES };
	char want[32];
	const char *result;

	take_items(SOCKPROXY_API_7, ".Ss attempts", "Cm");
	for (size_t i = 0; i <= sizeof(errors) / sizeof(errors[0]); i++) {
		struct story_attempt attempt = { .ended_us = RECORD_UNKNOWN };

		if (i < sizeof(errors) / sizeof(errors[0]))
			attempt = (struct story_attempt){ .error = errors[i], .reached = CONNECT_CONNECT };
		result = story_attempt_result(&attempt);
		snprintf(want, sizeof(want), "\n.Cm %s", result);
		bool named = false;
		for (int item = 0; item < item_count; item++)
			named = named ||
				(strncmp(items[item], "result\n", 7) == 0 && strstr(items[item], want) != NULL);
		ck_assert_msg(named, "missing: %s", result);
	}
}
END_TEST

START_TEST(every_close_reason_has_a_row)
{
	bool told[WHY_COUNT] = { true };

	take_rows(".Sh CLOSE REASONS");
	for (int i = 0; i < row_count; i++) {
		int why = WHY_NONE + 1;

		while (why < WHY_COUNT && strcmp(close_meanings[why].text, rows[i].name) != 0)
			why++;
		ck_assert_msg(why < WHY_COUNT, "there is no such thing: %s", rows[i].name);
		const struct close_meaning *meaning = &close_meanings[why];
		ck_assert_msg(!told[why], "twice: %s", meaning->text);
		told[why] = true;
		check_row(
		    &rows[i], close_initiator_text(meaning->initiator), close_how_text(meaning->how), meaning->meaning);
	}
	for (int why = 0; why < WHY_COUNT; why++)
		ck_assert_msg(told[why], "missing: %s", close_meanings[why].text);
}
END_TEST

START_TEST(every_total_has_a_row)
{
	take_rows(".Sh TOTALS");
	for (int total = 0; total < TOTAL_COUNT; total++) {
		const struct total_meaning *meaning = &total_meanings[total];

		ck_assert_msg(total < row_count, "missing: %s", meaning->text);
		ck_assert_str_eq(rows[total].name, meaning->text);
		check_row(&rows[total], meaning->kind == TOTAL_IS_GAUGE ? "gauge" : "counter", NULL, meaning->meaning);
	}
	ck_assert_int_eq(row_count, TOTAL_COUNT);
}
END_TEST

START_TEST(every_metric_has_a_row)
{
	take_rows(".Sh METRICS");
	for (int metric = 0; metric < METRIC_COUNT; metric++) {
		const struct metric_meaning *meaning = &metric_meanings[metric];
		char want[512];

		ck_assert_msg(metric < row_count, "missing: %s", meaning->text);
		ck_assert_str_eq(rows[metric].name, meaning->text);
		snprintf(want, sizeof(want), "%s%s%s%s", meaning->meaning, *meaning->labels == '\0' ? "" : " {",
		    meaning->labels, *meaning->labels == '\0' ? "" : "}");
		check_row(&rows[metric], metric_kind_text(meaning->kind), NULL, want);
	}
	ck_assert_int_eq(row_count, METRIC_COUNT);
}
END_TEST

START_TEST(every_rule_of_an_explanation_has_a_row)
{
	take_rows(".Sh EXPLAIN");
	for (int i = 0; i < EXPLAIN_RULES; i++) {
		ck_assert_msg(i < row_count, "missing: %s", explain_rules[i].name);
		ck_assert_str_eq(rows[i].name, explain_rules[i].name);
		check_row(&rows[i], rule_kind_text(explain_rules[i].kind), NULL, explain_rules[i].condition);
	}
	ck_assert_int_eq(row_count, EXPLAIN_RULES);
}
END_TEST

static int
compare_texts(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Cuts an option's line of -h into "listen" and "l", and its default or NULL. */
static bool
take_option(char *line, char **name, char *letter, char **standard)
{
	char *dashes = strstr(line, "--"), *bracket = strrchr(line, '[');
	size_t length = strlen(line);

	if (strncmp(line, "  ", 2) != 0 || dashes == NULL || dashes > line + 6)
		return false;
	*standard = line[length - 1] == ']' ? bracket + 1 : NULL;
	line[length - (*standard != NULL)] = '\0';
	*letter = line[2] == '-' ? line[3] : '\0';
	*name = dashes + 2;
	(*name)[strcspn(*name, " ")] = '\0';
	return true;
}

START_TEST(every_option_has_its_place_and_tells_its_default)
{
	static char help_bytes[OPTIONS_HELP_MAX];
	char *names[ITEMS_MAX], letter, *standard, want[128];
	struct text help;
	int count = 0;

	text_init(&help, help_bytes, sizeof(help_bytes));
	options_help(&help);
	take_items(SOCKPROXY_8, ".Sh OPTIONS", "Fl");
	for (char *rest = help_bytes, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (!take_option(line, &names[count], &letter, &standard))
			continue;
		if (letter != '\0')
			snprintf(want, sizeof(want), "%c , -%s", letter, names[count]);
		else
			snprintf(want, sizeof(want), "-%s", names[count]);

		char *found = NULL;
		for (int i = 0; i < item_count && found == NULL; i++) {
			size_t length = strlen(want);

			if (strncmp(items[i], want, length) == 0 && strchr(" \n", items[i][length]) != NULL)
				found = items[i];
		}
		ck_assert_msg(found != NULL, "missing: .It Fl %s", want);
		if (standard != NULL) {
			snprintf(want, sizeof(want), "\nThe default is %s", standard);
			const char *told = strstr(found, want);
			ck_assert_msg(told != NULL && strchr(".,:", told[strlen(want)]) != NULL,
			    "--%s: \"%s\" is missing", names[count], want + 1);
		}
		count++;
	}
	ck_assert_int_gt(count, 20);
	ck_assert_int_eq(item_count, count);

	qsort(names, (size_t)count, sizeof(names[0]), compare_texts);
	for (int i = 0; i < count; i++) {
		const char *name = strstr(items[i], "-") + 1;

		ck_assert_msg(strncmp(name, names[i], strlen(names[i])) == 0, "--%s stands out of order", names[i]);
	}
}
END_TEST

START_TEST(every_command_has_a_line)
{
	take_items(SOCKPROXY_1, ".Ss Commands", "Cm");
	for (int i = 0; i < COMMAND_COUNT; i++) {
		size_t length = strlen(commands[i].name);

		ck_assert_msg(i < item_count, "missing: %s", commands[i].name);
		ck_assert_msg(strncmp(items[i], commands[i].name, length) == 0 &&
				  (items[i][length] == ' ' || items[i][length] == '\n'),
		    "\"%.20s\" where %s should be", items[i], commands[i].name);
	}
	check_end(COMMAND_COUNT);
}
END_TEST

/* But for the form of the output: a screen has one. */
static bool
is_of_all(const struct command_option *option)
{
	for (int command = 0; command < COMMAND_HELP; command++) {
		if (command == COMMAND_TOP && strcmp(option->name, "--output") == 0)
			continue;
		if (!command_takes((enum command_name)command, option))
			return false;
	}
	return true;
}

/* The item of a section that begins with this option. */
static const char *
find_item(const struct command_option *option)
{
	char want[64];

	if (option->letter != NULL)
		snprintf(want, sizeof(want), "%s , -%s", option->letter + 1, option->name + 2);
	else
		snprintf(want, sizeof(want), "%s", option->name + 1);
	for (int i = 0; i < item_count; i++) {
		size_t length = strlen(want);

		if (strncmp(items[i], want, length) == 0 && strchr(" \n", items[i][length]) != NULL)
			return items[i];
	}
	ck_abort_msg("missing: .It Fl %s", want);
}

static const struct {
	const char *heading;
	enum command_name command; /* COMMAND_COUNT: of all */
} option_parts[] = {
	{ ".Ss Of conns", COMMAND_CONNS },
	{ ".Ss Of events", COMMAND_EVENTS },
	{ ".Ss Of findings", COMMAND_FINDINGS },
	{ ".Ss Of top", COMMAND_TOP },
	{ ".Ss Of kill", COMMAND_KILL },
	{ ".Ss Of all commands", COMMAND_COUNT },
};

START_TEST(every_option_of_a_command_has_its_place_and_tells_its_default)
{
	enum command_name command = option_parts[_i].command;
	int count = 0;

	take_items(SOCKPROXY_1, option_parts[_i].heading, "Fl");
	for (int i = 0; i < command_option_count; i++) {
		const struct command_option *option = &command_options[i];
		char want[128];

		if (command == COMMAND_COUNT ? !is_of_all(option)
					     : is_of_all(option) || !command_takes(command, option))
			continue;
		const char *item = find_item(option);
		count++;
		if (option->standard == NULL)
			continue;
		snprintf(want, sizeof(want), "\nThe default is %s", option->standard);
		const char *told = strstr(item, want);
		ck_assert_msg(told != NULL && strchr(".,:;", told[strlen(want)]) != NULL, "%s: \"%s\" is missing",
		    option->name, want + 1);
	}
	check_end(count);
	for (int i = 1; i < item_count; i++)
		ck_assert_msg(
		    strcmp(strstr(items[i - 1], "-"), strstr(items[i], "-")) < 0, "out of order: %.20s", items[i]);
}
END_TEST

/* Each command belongs to one of the parts, or has no options of its own. */
START_TEST(no_option_is_without_a_part)
{
	for (int i = 0; i < command_option_count; i++) {
		bool told = is_of_all(&command_options[i]);

		for (size_t part = 0; part + 1 < sizeof(option_parts) / sizeof(option_parts[0]); part++)
			told = told || command_takes(option_parts[part].command, &command_options[i]);
		ck_assert_msg(told, "%s", command_options[i].name);
	}
}
END_TEST

/* What stands in the section as a filter is one. */
START_TEST(every_example_of_a_filter_compiles)
{
	char *rest = take_section(SOCKPROXY_API_7, ".Sh THE FILTER LANGUAGE", "\n.Sh "), *line;
	static const char *const operators[] = { " == ", " != ", " < ", " <= ", " > ", " >= ", " ~ ", " in ", "clean" };
	int count = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		bool is_example = strncmp(line, ".Bd -literal", 12) == 0, compares = false;
		struct filter_fault fault;

		if (is_example)
			line = strsep(&rest, "\n");
		else if (strncmp(line, ".Ql ", 4) == 0)
			line += 4;
		else
			continue;
		for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
			compares |= strstr(line, operators[i]) != NULL;
		if (!compares && !is_example)
			continue;
		size_t length = strlen(line);
		if (length > 2 && line[length - 2] == ' ' && strchr(".,;:", line[length - 1]) != NULL)
			line[length - 2] = '\0'; /* mdoc's punctuation */
		struct filter *filter = filter_new(line, &fault);
		ck_assert_msg(filter != NULL, "%s: %s", line, fault.message);
		filter_free(filter);
		count++;
	}
	ck_assert_int_ge(count, 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("manual");
	TCase *client = tcase_create("sockproxy.1"), *daemon = tcase_create("sockproxy.8"),
	      *api = tcase_create("sockproxy-api.7");

	tcase_add_test(client, every_command_has_a_line);
	tcase_add_loop_test(client, every_option_of_a_command_has_its_place_and_tells_its_default, 0,
	    sizeof(option_parts) / sizeof(option_parts[0]));
	tcase_add_test(client, no_option_is_without_a_part);
	suite_add_tcase(suite, client);
	tcase_add_test(daemon, every_option_has_its_place_and_tells_its_default);
	suite_add_tcase(suite, daemon);
	tcase_add_test(api, every_field_has_a_row);
	tcase_add_test(api, both_legs_have_the_same_fields);
	tcase_add_test(api, every_type_has_a_line);
	tcase_add_test(api, every_type_of_event_has_a_line);
	tcase_add_test(api, every_state_has_a_line);
	tcase_add_test(api, every_kind_has_a_line);
	tcase_add_test(api, every_kind_of_finding_has_a_line);
	tcase_add_test(api, every_limit_has_a_line);
	tcase_add_test(api, every_step_has_a_line);
	tcase_add_test(api, every_word_of_an_end_has_a_line);
	tcase_add_test(api, attempts_and_events_have_a_line_for_each_member);
	tcase_add_test(api, every_result_of_an_attempt_is_named);
	tcase_add_test(api, every_example_of_a_filter_compiles);
	tcase_add_test(api, every_close_reason_has_a_row);
	tcase_add_test(api, every_rule_of_an_explanation_has_a_row);
	tcase_add_test(api, every_total_has_a_row);
	tcase_add_test(api, every_metric_has_a_row);
	suite_add_tcase(suite, api);
	return suite_main(suite);
}
