/* SPDX-License-Identifier: MIT */
#include "api/filter_take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "export/json.h"

static void
append_number(struct reply *reply, const char *key, size_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%zu", number);

	reply_append(reply, key, digits, (size_t)length);
}

static void
append_text(struct reply *reply, const char *key, const char *text)
{
	json_t *value = json_text(text);
	char *json = json_dumps(value, JSON_ENCODE_ANY);

	if (json != NULL)
		reply_append(reply, key, json, strlen(json));
	free(json);
	json_decref(value);
}

bool
filter_take(struct filter **filter, const char *parameter, const char *text, struct reply *reply)
{
	struct filter_fault fault;
	char picture[1024];
	struct text caret;

	*filter = filter_new(text, &fault);
	if (*filter != NULL)
		return true;
	text_init(&caret, picture, sizeof(picture));
	filter_fault_write(&fault, text, &caret);
	reply_problem(reply, PROBLEM_BAD_FILTER, parameter, "%s", fault.message);
	append_number(reply, "position", fault.at);
	append_number(reply, "length", fault.length);
	append_text(reply, "caret", picture);
	return false;
}
