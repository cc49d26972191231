/* SPDX-License-Identifier: MIT */
#include "api/shape.h"

#include <stdlib.h>
#include <string.h>
#include "api/accept.h"
#include "export/record_json.h"

static const char *const formats[] = { "json", "ndjson", "table", NULL };
static const char *const types[] = { "application/json", "application/x-ndjson", "text/plain", NULL };

/* Taken apart in place. */
static bool
add_names(struct field_set *fields, char *names, struct reply *reply)
{
	const char *name, *meant;
	char room[FIELD_NAME_MAX];

	while ((name = strsep(&names, ",")) != NULL) {
		if (field_set_add(fields, name))
			continue;
		meant = field_set_nearest(name, room);
		if (*name == '\0')
			reply_problem(reply, PROBLEM_BAD_VALUE, "fields",
			    "Expected names of fields with commas between them, as in fields=id,state,close.");
		else
			reply_problem(reply, PROBLEM_BAD_VALUE, "fields", "No field is called \"%.80s\"%s%s%s", name,
			    meant == NULL ? "; /schema lists all." : "; did you mean ", meant == NULL ? "" : meant,
			    meant == NULL ? "" : "?");
		return false;
	}
	return true;
}

static bool
take_names(struct field_set *fields, const char *names, struct reply *reply)
{
	char *copy = strdup(names);
	bool fine = copy != NULL && add_names(fields, copy, reply);

	if (copy == NULL)
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
	free(copy);
	return fine;
}

static bool
take_view(enum field_view *view, const char *value, struct reply *reply)
{
	*view = value != NULL && strcmp(value, "full") == 0 ? VIEW_FULL : VIEW_SHORT;
	if (value == NULL || *view == VIEW_FULL || strcmp(value, "short") == 0)
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "view", "Expected short or full.");
	return false;
}

/* Which ones; `chosen`: they were asked for. */
static bool
take_set(struct field_set *fields, bool *chosen, const struct request *request, struct reply *reply)
{
	const char *view_text = query_value(&request->query, "view"), *names = query_value(&request->query, "fields");
	enum field_view view;

	*fields = (struct field_set){ 0 };
	*chosen = view_text != NULL || names != NULL;
	if (view_text != NULL && names != NULL) {
		reply_problem(reply, PROBLEM_BAD_VALUE, "view", "Either view or fields says what is shown, not both.");
		return false;
	}
	if (!take_view(&view, view_text, reply))
		return false;
	field_set_of_view(fields, view);
	if (names == NULL)
		return true;
	*fields = (struct field_set){ 0 };
	return take_names(fields, names, reply);
}

static bool
take_format(struct shape *shape, const struct request *request, struct reply *reply)
{
	const char *value = query_value(&request->query, "format");
	int number = 0;

	if (value != NULL) {
		while (formats[number] != NULL && strcmp(formats[number], value) != 0)
			number++;
		shape->format = (enum shape_format)number;
		if (formats[number] != NULL)
			return true;
		reply_bad_word(reply, "format", value, "json, ndjson or table", formats);
		return false;
	}
	number = accept_choose(request->accept, types);
	shape->format = (enum shape_format)number;
	if (number != -1)
		return true;
	reply_problem(reply, PROBLEM_NOT_ACCEPTABLE, NULL,
	    "The Accept header allows none of application/json, application/x-ndjson and text/plain.");
	return false;
}

bool
shape_take_fields(struct shape *shape, const struct request *request, struct reply *reply)
{
	struct field_set fields;
	bool chosen;

	if (!take_set(&fields, &chosen, request, reply))
		return false;
	shape->format = SHAPE_JSON;
	record_form_init(&shape->form, &fields);
	return true;
}

bool
shape_take(struct shape *shape, const struct request *request, struct reply *reply)
{
	struct field_set fields;
	bool chosen;

	if (!take_format(shape, request, reply) || !take_set(&fields, &chosen, request, reply))
		return false;
	if (shape->format == SHAPE_TABLE && chosen)
		record_table_init_fields(&shape->table, &fields);
	else if (shape->format == SHAPE_TABLE)
		record_table_init(&shape->table, request->track->settings);
	else
		record_form_init(&shape->form, &fields);
	return true;
}

const char *
shape_type(const struct shape *shape)
{
	return shape->format == SHAPE_TABLE ? "text/plain; charset=utf-8" : types[shape->format];
}

void
shape_write(const struct shape *shape, struct text *text, struct reading *reading)
{
	if (shape->format == SHAPE_TABLE)
		record_table_write(text, &shape->table, reading);
	else
		record_json_write_as(text, reading, &shape->form);
}
