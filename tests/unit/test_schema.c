/* SPDX-License-Identifier: MIT */
/* What a validator makes of it stands in integration/test_schema. */
#include "export/schema.h"

#include <stdio.h>
#include <string.h>
#include "export/record_json.h"
#include "support/suite.h"
#include "track/field_words.h"

static struct settings settings;
static struct track track;
static struct congestion_names congestions;
static struct record record;
static struct reading reading;
static char room[RECORD_JSON_MAX];

static void
setup(void)
{
	struct addr from, to;

	memset(&settings, 0, sizeof(settings));
	memset(&congestions, 0, sizeof(congestions));
	track = (struct track){ .settings = &settings, .boot = 5, .node = "here", .congestions = &congestions };
	record_init(&record);
	record.state = CONN_CLOSED;
	record.close.reason = WHY_CLIENT_FIN;
	record.close.how = HOW_FIN;
	record.attempt.began_us = 0;
	ck_assert(addr_parse(&from, "10.1.2.3:51234") && addr_parse(&to, "10.0.0.1:8080"));
	flow_set(&record.legs[LEG_CLIENT].flow, &from, &to);
	flow_set(&record.legs[LEG_UPSTREAM].flow, &from, &to);
	reading = (struct reading){ .track = &track, .record = &record };
}

static json_t *
record_as_json(enum field_view view)
{
	struct text text;

	text_init(&text, room, sizeof(room));
	record_json_write(&text, &reading, view);
	json_t *json = json_loads(room, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

static bool
is_required(const json_t *schema, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, item) {
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

/* The same members in the same order, all of them required, in whatever stands inside, too. */
static void
compare(const json_t *schema, json_t *value)
{
	const json_t *properties = json_object_get(schema, "properties");
	void *property = json_object_iter((json_t *)properties);
	const char *name;
	json_t *member;

	if (json_is_array(value))
		compare(json_object_get(schema, "items"), json_array_get(value, 0));
	if (!json_is_object(value))
		return;
	ck_assert_uint_eq(json_object_size(properties), json_object_size(value));
	ck_assert_uint_eq(json_array_size(json_object_get(schema, "required")), json_object_size(value));
	json_object_foreach(value, name, member) {
		ck_assert_str_eq(json_object_iter_key(property), name);
		ck_assert_msg(is_required(schema, name), "%s", name);
		compare(json_object_iter_value(property), member);
		property = json_object_iter_next((json_t *)properties, property);
	}
}

START_TEST(a_schema_has_the_members_of_a_record)
{
	json_t *schema = schema_record((enum field_view)_i), *value = record_as_json((enum field_view)_i);

	compare(schema, value);
	json_decref(schema);
	json_decref(value);
}
END_TEST

static json_t *
find(json_t *schema, const char *path)
{
	char text[128], *rest = strcpy(text, path), *name;

	while ((name = strsep(&rest, ".")) != NULL)
		schema = json_object_get(json_object_get(schema, "properties"), name);
	ck_assert_msg(schema != NULL, "%s", path);
	return schema;
}

static bool
has_type(const json_t *schema, const char *want)
{
	const json_t *type = json_object_get(schema, "type"), *item;
	size_t i;

	if (json_is_string(type))
		return strcmp(json_string_value(type), want) == 0;
	json_array_foreach(type, i, item) {
		if (strcmp(json_string_value(item), want) == 0)
			return true;
	}
	return false;
}

START_TEST(each_field_is_described)
{
	json_t *schema = schema_record(VIEW_SINGLE), *it = find(schema, field_meanings[_i].path);
	const char *words[FIELD_WORDS_MAX + 1];
	size_t count = (size_t)field_words((enum field)_i, words);
	bool may_be_null = field_meanings[_i].may_be_null;

	ck_assert_str_eq(json_string_value(json_object_get(it, "description")), field_meanings[_i].meaning);
	ck_assert_str_eq(json_string_value(json_object_get(it, "x-path")), field_meanings[_i].path);
	ck_assert_int_eq(has_type(it, "null"), may_be_null);
	ck_assert_uint_eq(json_array_size(json_object_get(it, "enum")), count == 0 ? 0 : count + may_be_null);
	json_decref(schema);
}
END_TEST

START_TEST(what_is_null_as_a_whole_may_be_null)
{
	json_t *schema = schema_record(VIEW_SINGLE), *it = find(schema, field_object_paths[_i]);

	ck_assert(has_type(it, "object") && has_type(it, "null"));
	ck_assert(!has_type(find(schema, "legs.client"), "null"));
	json_decref(schema);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export/schema");
	TCase *records = tcase_create("records");

	tcase_add_checked_fixture(records, setup, NULL);
	tcase_add_loop_test(records, a_schema_has_the_members_of_a_record, 0, FIELD_VIEWS);
	tcase_add_loop_test(records, each_field_is_described, 0, FIELD_COUNT);
	tcase_add_loop_test(records, what_is_null_as_a_whole_may_be_null, 0, FIELD_OBJECTS);
	suite_add_tcase(suite, records);
	return suite_main(suite);
}
