/* SPDX-License-Identifier: MIT */
#include "client/ask.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "client/conn_columns.h"
#include "client/json_at.h"
#include "track/field_names.h"

enum { SEVERAL = 10 };

void
target_init(struct target *target, const char *path)
{
	target->has_query = false;
	text_init(&target->text, target->bytes, sizeof(target->bytes));
	text_add(&target->text, path);
}

void
target_add_word(struct target *target, const char *word)
{
	text_add_char(&target->text, '/');
	http_escape(&target->text, word);
}

void
target_add(struct target *target, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	text_addf(&target->text, "%c%s=", target->has_query ? '&' : '?', name);
	http_escape(&target->text, value);
	target->has_query = true;
}

void
target_add_number(struct target *target, const char *name, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	target_add(target, name, digits);
}

static void
say_unreachable(const struct client *client, const struct http_answer *answer)
{
	char bytes[ADMIN_URL_MAX + 640];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	terminal_add(&text, client->setting.url.shown);
	text_add(&text, ": ");
	terminal_add(&text, answer->fault);
	client_say("no answer from %s (%s)", bytes,
	    answer->distrusted ? "--cacert names the certificates to trust"
			       : "is a sockproxy there? -s says where, as its own -a does");
}

/* The last word of "urn:sockproxy:problem:no_changes". */
static const char *
problem_of(const json_t *document)
{
	const char *type = json_at_text(document, "type"), *colon = type == NULL ? NULL : strrchr(type, ':');

	return colon == NULL ? "" : colon + 1;
}

static const char *
advice(int status, const char *problem)
{
	if (status == 401)
		return "--token-file names the file with the token that it asks for.";
	if (strcmp(problem, "unknown_path") == 0 || strcmp(problem, "method_not_allowed") == 0)
		return "The daemon there seems to be of another version than this program.";
	return NULL;
}

static void
add_problem(struct text *text, const struct http_answer *answer, const json_t *document)
{
	const char *title = json_at_text(document, "title"), *detail = json_at_text(document, "detail");
	const char *parameter = json_at_text(document, "parameter");

	if (parameter != NULL) {
		terminal_add(text, parameter);
		text_add(text, ": ");
	}
	/* What is wrong with a request the detail says better than any title. */
	if (answer->status != 400 || detail == NULL) {
		if (title != NULL)
			terminal_add(text, title);
		else
			text_addf(text, "the answer has the status %d", answer->status);
		text_add(text, detail == NULL ? "" : ": ");
	}
	terminal_add(text, detail == NULL ? "" : detail);
	if (answer->retry_after_s > 0)
		text_addf(text, " (again in %d s)", answer->retry_after_s);
}

static void
say_problem(int status, const struct http_answer *answer, const json_t *document)
{
	const char *caret = json_at_text(document, "caret"), *hint = advice(status, problem_of(document));
	char bytes[4096];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	add_problem(&text, answer, document);
	if (caret != NULL) {
		text_add_char(&text, '\n');
		terminal_add_lines(&text, caret);
		while (text.length > 0 && text.bytes[text.length - 1] == '\n')
			text.bytes[--text.length] = '\0';
	}
	client_say("%s", bytes);
	if (hint != NULL)
		client_say("%s", hint);
}

static int
judge(int status, const json_t *document)
{
	const char *problem = problem_of(document);

	if (status == 400)
		return EXIT_WRONG_USAGE;
	if (strcmp(problem, "unknown_connection") == 0 || strcmp(problem, "connection_gone") == 0 ||
	    strcmp(problem, "connection_closed") == 0)
		return EXIT_NOTHING;
	return EXIT_FAILED;
}

int
ask_complain(const struct client *client, enum http_result result, const struct http_answer *answer)
{
	json_t *document;
	int exit_status;

	if (result == HTTP_UNREACHABLE) {
		say_unreachable(client, answer);
		return EXIT_UNREACHABLE;
	}
	if (result != HTTP_ANSWERED) {
		client_say("the answer broke off: %s", answer->fault);
		return EXIT_FAILED;
	}
	document = answer->body == NULL ? NULL : json_loadb(answer->body, answer->length, 0, NULL);
	say_problem(answer->status, answer, document);
	exit_status = judge(answer->status, document);
	json_decref(document);
	return exit_status;
}

void
ask_describe(struct text *text, enum http_result result, const struct http_answer *answer)
{
	json_t *document;

	if (result != HTTP_ANSWERED) {
		text_add(text, result == HTTP_UNREACHABLE ? "no answer: " : "the answer broke off: ");
		terminal_add(text, answer->fault);
		return;
	}
	document = answer->body == NULL ? NULL : json_loadb(answer->body, answer->length, 0, NULL);
	add_problem(text, answer, document);
	json_decref(document);
}

int
ask(struct client *client, const struct http_ask *ask, struct http_answer *answer)
{
	enum http_result result = http_client_ask(client->http, ask, answer);

	if (result == HTTP_ENOUGH || (result == HTTP_ANSWERED && answer->status / 100 == 2))
		return EXIT_FINE;
	return ask_complain(client, result, answer);
}

int
ask_json(struct client *client, const char *method, const char *target, json_t **document)
{
	const struct http_ask question = {
		.method = method,
		.target = target,
		.accept = "application/json",
		.reason = client->options.reason,
	};
	struct http_answer answer;
	int status = ask(client, &question, &answer);

	*document = NULL;
	if (status == EXIT_FINE) {
		*document = answer.body == NULL ? NULL : json_loadb(answer.body, answer.length, 0, NULL);
		if (!json_is_object(*document)) {
			json_decref(*document);
			*document = NULL;
			client_say(
			    "what answers at %s is no sockproxy: the answer is not JSON", client->setting.url.shown);
			status = EXIT_FAILED;
		}
	}
	http_answer_fini(&answer);
	return status;
}

bool
ask_is_id(const char *word)
{
	size_t length = strspn(word, "0123456789abcdefghijklmnopqrstuvwxyz");

	return length > 0 && length <= ID_MAX && word[length] == '\0' && field_name_find(word).count == 0;
}

void
ask_only_these(char filter[ASK_FILTER_MAX], const json_t *conns)
{
	char bytes[FILTER_TEXT_MAX + 1];
	struct text narrow;
	const json_t *record;
	size_t i;

	text_init(&narrow, bytes, sizeof(bytes));
	text_addf(&narrow, "(%s) and id in (", filter);
	json_array_foreach(conns, i, record) {
		const char *id = json_at_text(record, "id");

		text_addf(&narrow, "%s\"%s\"", i == 0 ? "" : ", ", id == NULL || !ask_is_id(id) ? "" : id);
	}
	text_add(&narrow, ")");
	if (!narrow.truncated)
		strcpy(filter, bytes);
}

static int
show_several(const json_t *conns, bool more)
{
	struct terminal terminal;
	struct conn_columns *columns = conn_columns_new(OUTPUT_TABLE, NULL, false);
	const json_t *record;
	size_t i;

	terminal_look(&terminal, STDERR_FILENO, COLOUR_AUTO);
	client_say("%s%zu match; say which one is meant:", more ? "more than " : "", json_array_size(conns));
	json_array_foreach(conns, i, record)
		conn_columns_add(columns, record);
	conn_columns_print(columns, stderr, &terminal, true);
	conn_columns_free(columns);
	return EXIT_FAILED;
}

int
ask_one(struct client *client, char id[ID_MAX + 1])
{
	struct target target;
	json_t *list;
	int status;

	if (ask_is_id(client->options.operand)) {
		strcpy(id, client->options.operand);
		return EXIT_FINE;
	}
	target_init(&target, "/conns");
	target_add(&target, "state", "all");
	target_add(&target, "filter", client->options.operand);
	target_add_number(&target, "limit", SEVERAL);
	status = ask_json(client, "GET", target.bytes, &list);
	if (status != EXIT_FINE)
		return status;
	const json_t *conns = json_at(list, "conns");
	const char *only = json_at_text(json_array_get(conns, 0), "id");
	if (json_array_size(conns) > 1) {
		status = show_several(conns, json_at(list, "next") != NULL);
	} else if (only == NULL || strlen(only) > ID_MAX) {
		client_say("no connection matches, neither a live one nor a closed one");
		status = EXIT_NOTHING;
	} else {
		strcpy(id, only);
	}
	json_decref(list);
	return status;
}
