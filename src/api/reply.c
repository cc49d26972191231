/* SPDX-License-Identifier: MIT */
#include "api/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/nearest.h"
#include "base/text.h"
#include "export/json.h"

/* clang-format off */
static const struct {
	int status;
	const char *type, *title;
} problems[PROBLEMS] = {
	[PROBLEM_BAD_REQUEST]        = { 400, "bad_request",        "The request makes no sense" },
	[PROBLEM_UNKNOWN_PARAMETER]  = { 400, "unknown_parameter",  "No such query parameter" },
	[PROBLEM_REPEATED_PARAMETER] = { 400, "repeated_parameter", "A query parameter is given more than once" },
	[PROBLEM_MISSING_PARAMETER]  = { 400, "missing_parameter",  "A query parameter is missing" },
	[PROBLEM_BAD_VALUE]          = { 400, "bad_value",          "A query parameter has a value that it cannot have" },
	[PROBLEM_BAD_FILTER]         = { 400, "bad_filter",         "The filter makes no sense" },
	[PROBLEM_UNAUTHORIZED]       = { 401, "unauthorized",       "Only who has the token may ask" },
	[PROBLEM_FOREIGN_ORIGIN]     = { 403, "foreign_origin",     "Pages of other sites may not ask" },
	[PROBLEM_NO_CHANGES]         = { 403, "no_changes",         "Nothing may be changed by HTTP here" },
	[PROBLEM_UNKNOWN_PATH]       = { 404, "unknown_path",       "No such path" },
	[PROBLEM_UNKNOWN_CONNECTION] = { 404, "unknown_connection", "No such connection" },
	[PROBLEM_UNKNOWN_LISTENER]   = { 404, "unknown_listener",   "No such listener" },
	[PROBLEM_METHOD]             = { 405, "method_not_allowed", "This path does not take that method" },
	[PROBLEM_NOT_ACCEPTABLE]     = { 406, "not_acceptable",     "There is no such form of this answer" },
	[PROBLEM_STOPPING]           = { 409, "stopping",           "The process is about to stop" },
	[PROBLEM_CONNECTION_CLOSED]  = { 410, "connection_closed",  "The connection is closed already" },
	[PROBLEM_CONNECTION_GONE]    = { 410, "connection_gone",    "The connection is closed and its record not kept any more" },
	[PROBLEM_CURSOR_GONE]        = { 410, "cursor_gone",        "The cursor leads nowhere any more" },
	[PROBLEM_TOO_LARGE]          = { 413, "too_large",          "The body is longer than is taken" },
	[PROBLEM_NOT_JSON]           = { 415, "not_json",           "The body is of a type that is not taken" },
	[PROBLEM_WRONG_HOST]         = { 421, "wrong_host",         "The Host header names another host" },
	[PROBLEM_TOO_MANY_REQUESTS]  = { 429, "too_many_requests",  "Too many requests in a second" },
	[PROBLEM_NO_MEMORY]          = { 500, "no_memory",          "No memory was left for the answer" },
	[PROBLEM_NOT_READY]          = { 503, "not_ready",          "Not ready" },
	[PROBLEM_TOO_MANY_FOLLOWERS] = { 503, "too_many_followers", "No more can follow at once" },
	[PROBLEM_BUSY]               = { 503, "busy",               "Too much of this is asked for at once" },
};
/* clang-format on */

enum { DETAIL_MAX = 512 };

int
problem_status(enum problem problem)
{
	return problems[problem].status;
}

const char *
problem_type(enum problem problem)
{
	return problems[problem].type;
}

const char *
problem_title(enum problem problem)
{
	return problems[problem].title;
}

void
reply_document(struct reply *reply, json_t *document)
{
	reply->status = 200;
	reply->type = "application/json";
	reply->body = json_line(document, &reply->length);
	if (reply->body == NULL)
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
}

void
reply_text(struct reply *reply, const char *text)
{
	reply->status = 200;
	reply->type = "text/plain; charset=utf-8";
	reply->length = strlen(text);
	reply->body = strdup(text);
	if (reply->body == NULL)
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
}

void
reply_stream(struct reply *reply, const char *type, reply_fill_fn *fill, reply_free_fn *free_source, void *source)
{
	reply->status = 200;
	reply->type = type;
	reply->fill = fill;
	reply->free = free_source;
	reply->source = source;
}

void
reply_problem(struct reply *reply, enum problem problem, const char *parameter, const char *detail, ...)
{
	json_t *document = json_object();
	char sentence[DETAIL_MAX], type[64];
	struct text text;
	va_list values;

	text_init(&text, type, sizeof(type));
	text_addf(&text, "urn:sockproxy:problem:%s", problems[problem].type);
	va_start(values, detail);
	vsnprintf(sentence, sizeof(sentence), detail, values);
	va_end(values);
	json_add_text(document, "type", type);
	json_add_text(document, "title", problems[problem].title);
	json_add_count(document, "status", (uint64_t)problems[problem].status);
	json_add_text(document, "detail", sentence);
	if (parameter != NULL)
		json_add_text(document, "parameter", parameter);
	reply->status = problems[problem].status;
	reply->type = "application/problem+json";
	reply->body = json_line(document, &reply->length); /* without memory the status alone must do */
	if (reply->body == NULL)
		reply->length = 0;
}

void
reply_bad_word(
    struct reply *reply, const char *parameter, const char *value, const char *expected, const char *const *names)
{
	const char *meant = nearest(value, names);

	if (meant == NULL)
		reply_problem(reply, PROBLEM_BAD_VALUE, parameter, "Expected %s.", expected);
	else
		reply_problem(reply, PROBLEM_BAD_VALUE, parameter, "Expected %s; did you mean %s?", expected, meant);
}

void
reply_append(struct reply *reply, const char *key, const char *json, size_t length)
{
	static const char end[] = "}\n"; /* of every document of ours */
	size_t before = reply->length - strlen(end), key_length = strlen(key);
	char *body = reply->body == NULL ? NULL : realloc(reply->body, reply->length + length + key_length + 8), *at;

	if (body == NULL)
		return;
	reply->body = body;
	at = body + before;
	at = mempcpy(at, ",\"", 2);
	at = mempcpy(at, key, key_length);
	at = mempcpy(at, "\":", 2);
	at = mempcpy(at, json, length);
	at = mempcpy(at, end, strlen(end));
	reply->length = (size_t)(at - body);
}

void
reply_fini(struct reply *reply)
{
	free(reply->body);
	if (reply->fill != NULL)
		reply->free(reply->source);
}
