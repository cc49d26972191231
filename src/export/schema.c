/* SPDX-License-Identifier: MIT */
#include "export/schema.h"

#include <string.h>
#include "export/json.h"
#include "track/field_words.h"
#include "track/story.h"

const char *const field_view_texts[FIELD_VIEWS] = {
	[VIEW_SHORT] = "short",
	[VIEW_FULL] = "full",
	[VIEW_SINGLE] = "single",
};

static const struct shape {
	const char *type;
	const char *unit; /* NULL: none */
} shapes[FIELD_TYPES] = {
	[TYPE_BOOL] = { "boolean", NULL },
	[TYPE_COUNT] = { "integer", NULL },
	[TYPE_BYTES] = { "integer", "bytes" },
	[TYPE_RATE] = { "integer", "bytes per second" },
	[TYPE_DURATION] = { "integer", "microseconds" },
	[TYPE_OFFSET] = { "integer", "microseconds since opened_at" },
	[TYPE_INSTANT] = { "string", NULL },
	[TYPE_TEXT] = { "string", NULL },
	[TYPE_WORD] = { "string", NULL },
	[TYPE_ADDRESS] = { "string", NULL },
	[TYPE_PORT] = { "integer", NULL },
	[TYPE_ERRNO] = { "string", NULL },
	[TYPE_ATTEMPTS] = { "array", NULL },
	[TYPE_EVENTS] = { "array", NULL },
};

/* What record_json writes of each item of a list. */
struct member {
	const char *name;
	enum field_type type;
	bool may_be_null;
	const char *(*word)(int number); /* of TYPE_WORD: NULL behind the last */
	const char *meaning;
};

static const char *
result_word(int number)
{
	return attempt_results[number];
}

static const char *
step_word(int number)
{
	return number < STORY_STEPS ? story_step_text((enum story_step)number) : NULL;
}

static const char *
leg_word(int number)
{
	return number < LEG_COUNT ? leg_text((enum leg_name)number) : NULL;
}

static const struct member attempt_members[] = {
	{ "target", TYPE_TEXT, false, NULL, "as -u names it" },
	{ "address", TYPE_ADDRESS, true, NULL, "null on a Unix socket" },
	{ "port", TYPE_PORT, true, NULL, "its port" },
	{ "at_us", TYPE_OFFSET, false, NULL, "when it was tried" },
	{ "duration_us", TYPE_DURATION, true, NULL, "how long it took; null while it lasts" },
	{ "result", TYPE_WORD, false, result_word, "what came of it" },
	{ "errno", TYPE_ERRNO, true, NULL, "the error; null if there was none" },
	{ 0 },
};

static const struct member event_members[] = {
	{ "at_us", TYPE_OFFSET, false, NULL, "when it was" },
	{ "leg", TYPE_WORD, true, leg_word, "where it was; null where it is of neither leg" },
	{ "event", TYPE_WORD, false, step_word, "what it was" },
	{ "errno", TYPE_ERRNO, true, NULL, "the error; null if there was none" },
	{ 0 },
};

static void
add_type(json_t *schema, const char *type, bool may_be_null)
{
	if (may_be_null)
		json_object_set_new(schema, "type", json_pack("[s, s]", type, "null"));
	else
		json_add_text(schema, "type", type);
}

/* What else there is to say of values of a type; whatever is no number, or no text, it does not concern. */
static void
add_bounds(json_t *schema, enum field_type type)
{
	const struct shape *shape = &shapes[type];

	if (strcmp(shape->type, "integer") == 0)
		json_add_count(schema, "minimum", 0);
	if (shape->unit != NULL)
		json_add_text(schema, "x-unit", shape->unit);
	if (type == TYPE_PORT)
		json_add_count(schema, "maximum", UINT16_MAX);
	else if (type == TYPE_INSTANT)
		json_add_text(schema, "format", "date-time");
	else if (type == TYPE_ADDRESS)
		json_object_set_new(schema, "anyOf", json_pack("[{s:s}, {s:s}]", "format", "ipv4", "format", "ipv6"));
	else if (type == TYPE_ERRNO)
		json_add_text(schema, "pattern", "^E[A-Z0-9]+$");
}

static json_t *
value_schema(enum field_type type, bool may_be_null, const char *meaning)
{
	json_t *schema = json_object();

	add_type(schema, shapes[type].type, may_be_null);
	json_add_text(schema, "description", meaning);
	add_bounds(schema, type);
	return schema;
}

/* The array of words, to be filled; what is null stands in it, too. */
static json_t *
add_enum(json_t *schema, bool may_be_null)
{
	json_t *words = json_add_array(schema, "enum");

	if (may_be_null)
		json_array_append_new(words, json_null());
	return words;
}

/* Nothing is in it so far. */
static void
begin_object(json_t *schema, bool may_be_null)
{
	add_type(schema, "object", may_be_null);
	json_add_object(schema, "properties");
	json_add_array(schema, "required");
}

static void
add_property(json_t *object, const char *name, json_t *schema)
{
	json_object_set_new(json_object_get(object, "properties"), name, schema);
	json_array_append_new(json_object_get(object, "required"), json_string(name));
}

static void
add_items(json_t *schema, const struct member *members)
{
	json_t *item = json_add_object(schema, "items");

	begin_object(item, false);
	for (const struct member *it = members; it->name != NULL; it++) {
		json_t *value = value_schema(it->type, it->may_be_null, it->meaning);
		json_t *words = it->word == NULL ? NULL : add_enum(value, it->may_be_null);

		for (int i = 0; words != NULL && it->word(i) != NULL; i++)
			json_array_append_new(words, json_string(it->word(i)));
		add_property(item, it->name, value);
	}
}

static json_t *
field_schema(enum field field)
{
	const struct field_meaning *meaning = &field_meanings[field];
	json_t *schema = value_schema(meaning->type, meaning->may_be_null, meaning->meaning);
	const char *words[FIELD_WORDS_MAX + 1];

	json_add_text(schema, "x-path", meaning->path);
	if (meaning->type == TYPE_ATTEMPTS)
		add_items(schema, attempt_members);
	else if (meaning->type == TYPE_EVENTS)
		add_items(schema, event_members);
	if (meaning->type != TYPE_WORD)
		return schema;
	json_t *list = add_enum(schema, meaning->may_be_null);
	for (int i = 0, count = field_words(field, words); i < count; i++)
		json_array_append_new(list, json_string(words[i]));
	return schema;
}

static bool
is_null_as_a_whole(const char *path, size_t length)
{
	for (int object = 0; object < FIELD_OBJECTS; object++) {
		if (strlen(field_object_paths[object]) == length &&
		    strncmp(field_object_paths[object], path, length) == 0)
			return true;
	}
	return false;
}

/* Into the object that its path leads to from `from` on, which is made where it is not there yet. */
static void
add_field(json_t *object, enum field field, size_t from)
{
	const char *path = field_meanings[field].path, *dot;
	char name[64];

	for (; (dot = strchr(path + from, '.')) != NULL; from = (size_t)(dot - path) + 1) {
		size_t length = (size_t)(dot - path) - from;
		json_t *inner;

		memcpy(name, path + from, length);
		name[length] = '\0';
		inner = json_object_get(json_object_get(object, "properties"), name);
		if (inner == NULL) {
			inner = json_object();
			begin_object(inner, is_null_as_a_whole(path, from + length));
			add_property(object, name, inner);
		}
		object = inner;
	}
	add_property(object, path + from, field_schema(field));
}

json_t *
schema_record(enum field_view view)
{
	json_t *schema = json_object();
	char id[64];
	struct text text;

	text_init(&text, id, sizeof(id));
	text_addf(&text, "urn:sockproxy:schema:record:%s", field_view_texts[view]);
	json_add_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_add_text(schema, "$id", id);
	json_add_text(schema, "title", "A connection");
	json_add_text(schema, "description",
	    "What sockproxy tells of one connection.  What is unknown is null; further members and words may come.");
	begin_object(schema, false);
	for (int field = 0; field < FIELD_COUNT; field++) {
		if (field_meanings[field].view <= view)
			add_field(schema, (enum field)field, 0);
	}
	return schema;
}
