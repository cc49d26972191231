/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/accept.h"
#include "api/lookup.h"
#include "base/clock.h"
#include "export/json.h"
#include "track/conn_id.h"
#include "track/explain.h"

enum { WIDTH = 78 }; /* of a terminal of 80 */

const struct parameter route_explain_parameters[] = {
	{ "format", "{\"enum\":[\"text\",\"json\"]}",
	    "as text or JSON; as Accept says if not said, and text if that does not matter" },
	{ 0 },
};

static bool
take_format(bool *json, const struct request *request, struct reply *reply)
{
	static const char *const types[] = { "text/plain", "application/json", NULL };
	const char *format = query_value(&request->query, "format");
	int type = accept_choose(request->accept, types);

	*json = format != NULL ? strcmp(format, "json") == 0 : type == 1;
	if (format != NULL && !*json && strcmp(format, "text") != 0)
		reply_problem(reply, PROBLEM_BAD_VALUE, "format", "Expected text or json.");
	else if (format == NULL && type == -1)
		reply_problem(reply, PROBLEM_NOT_ACCEPTABLE, NULL,
		    "The Accept header allows neither text/plain nor application/json.");
	else
		return true;
	return false;
}

/* As a paragraph, of which all lines but the first begin with `indent` blanks. */
static void
print_paragraph(FILE *file, int indent, const char *text)
{
	int column = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (column == 0)
			column = length;
		else if (column + 1 + length <= WIDTH)
			column += fprintf(file, " ") + length;
		else
			column = fprintf(file, "\n%*s", indent, "") - 1 + length;
		fprintf(file, "%.*s", length, text);
		text += length + (text[length] == ' ');
	}
	fprintf(file, "\n");
}

/* One fact a line; then the hints, each by itself. */
static void
print(FILE *file, struct explanation *it)
{
	struct explained sentence;
	char hint[sizeof(sentence.text) + 8];

	while (explain_next(it, &sentence)) {
		snprintf(hint, sizeof(hint), "Hint: %s", sentence.text);
		if (sentence.rule->kind == RULE_FACT)
			print_paragraph(file, 2, sentence.text);
		else if (fprintf(file, "\n") == 1)
			print_paragraph(file, 6, hint);
	}
}

static void
answer_text(struct explanation *it, struct reply *reply)
{
	char id[CONN_ID_TEXT_MAX], *body = NULL;
	FILE *file = open_memstream(&body, &reply->length);

	if (file != NULL) {
		fprintf(file, "Connection %s\n\n", conn_id_format(it->track->boot, it->record->id, id));
		print(file, it);
	}
	if (file == NULL || fclose(file) != 0 || it->no_memory) {
		free(body);
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
		return;
	}
	reply->status = 200;
	reply->type = "text/plain; charset=utf-8";
	reply->body = body;
}

static void
answer_json(struct explanation *it, struct reply *reply)
{
	struct explained sentence;
	char id[CONN_ID_TEXT_MAX];
	json_t *document = json_object();

	json_add_text(document, "id", conn_id_format(it->track->boot, it->record->id, id));
	json_t *sentences = json_add_array(document, "sentences");
	while (explain_next(it, &sentence)) {
		json_t *object = json_object();

		json_add_text(object, "rule", sentence.rule->name);
		json_add_text(object, "kind", rule_kind_text(sentence.rule->kind));
		json_add_text(object, "leg", leg_text(sentence.leg));
		json_add_text(object, "text", sentence.text);
		json_array_append_new(sentences, object);
	}
	if (!it->no_memory) {
		reply_document(reply, document);
		return;
	}
	json_decref(document);
	reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
}

void
route_explain(const struct request *request, struct reply *reply)
{
	struct explanation explanation = { .track = request->track };
	union record_words copy;
	bool json;

	if (!take_format(&json, request, reply) || !lookup_conn(request, true, &copy, reply))
		return;
	explanation.record = &copy.record;
	explanation.now_ns = clock_now();
	if (json)
		answer_json(&explanation, reply);
	else
		answer_text(&explanation, reply);
}
