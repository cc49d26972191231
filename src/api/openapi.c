/* SPDX-License-Identifier: MIT */
#include "api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "api/router.h"
#include "base/text.h"
#include "export/json.h"
#include "export/schema.h"

#define JSON_TYPE "application/json"

/* clang-format off */
const struct operation openapi_operations[] = {
	{ "/",                "GET",    "index",            200, { { JSON_TYPE, "Index" }, { "text/html; charset=utf-8", NULL } }, { 0 }, NULL },
	{ "/assets/FILE",     "GET",    "showAsset",        200, { { "text/javascript; charset=utf-8", NULL }, { "text/css; charset=utf-8", NULL }, { "image/svg+xml", NULL }, { "text/plain; charset=utf-8", NULL } }, { PROBLEM_UNKNOWN_PATH }, NULL },
	{ "/config",          "GET",    "showConfig",       200, { { JSON_TYPE, "Config" } }, { 0 }, NULL },
	{ "/conns",           "GET",    "listConnections",  200, { { JSON_TYPE, "ConnectionList" }, { "application/x-ndjson", "ConnectionAny" }, { "text/plain; charset=utf-8", NULL } }, { PROBLEM_CURSOR_GONE, PROBLEM_NOT_ACCEPTABLE, PROBLEM_BUSY }, NULL },
	{ "/conns",           "DELETE", "killConnections",  202, { { JSON_TYPE, "Orders" } }, { PROBLEM_NO_CHANGES, PROBLEM_BUSY }, NULL },
	{ "/conns/ID",        "GET",    "showConnection",   200, { { JSON_TYPE, "ConnectionSingle" } }, { PROBLEM_UNKNOWN_CONNECTION, PROBLEM_CONNECTION_GONE }, NULL },
	{ "/conns/ID",        "DELETE", "killConnection",   202, { { JSON_TYPE, "Orders" } }, { PROBLEM_NO_CHANGES, PROBLEM_UNKNOWN_CONNECTION, PROBLEM_CONNECTION_CLOSED, PROBLEM_CONNECTION_GONE }, NULL },
	{ "/conns/ID/explain", "GET",   "explainConnection", 200, { { "text/plain; charset=utf-8", NULL }, { JSON_TYPE, "Explanation" } }, { PROBLEM_UNKNOWN_CONNECTION, PROBLEM_NOT_ACCEPTABLE, PROBLEM_CONNECTION_GONE }, NULL },
	{ "/drain",           "GET",    "showDrain",        200, { { JSON_TYPE, "Drain" } }, { 0 }, NULL },
	{ "/drain",           "POST",   "beginDrain",       202, { { JSON_TYPE, "Orders" } }, { PROBLEM_NO_CHANGES, PROBLEM_STOPPING }, NULL },
	{ "/drain",           "DELETE", "takeBackDrain",    202, { { JSON_TYPE, "Orders" } }, { PROBLEM_NO_CHANGES, PROBLEM_STOPPING }, NULL },
	{ "/events",          "GET",    "followEvents",     200, { { "text/event-stream", "Event" }, { "application/x-ndjson", "Event" } }, { PROBLEM_NOT_ACCEPTABLE, PROBLEM_CURSOR_GONE, PROBLEM_TOO_MANY_FOLLOWERS }, NULL },
	{ "/findings",        "GET",    "listFindings",     200, { { JSON_TYPE, "Findings" } }, { 0 }, NULL },
	{ "/listeners",       "GET",    "listListeners",    200, { { JSON_TYPE, "Listeners" } }, { 0 }, NULL },
	{ "/listeners/NAME",  "PATCH",  "changeListener",   202, { { JSON_TYPE, "Orders" } }, { PROBLEM_NO_CHANGES, PROBLEM_UNKNOWN_LISTENER, PROBLEM_STOPPING, PROBLEM_TOO_LARGE, PROBLEM_NOT_JSON }, "ListenerChange" },
	{ "/livez",           "GET",    "isAlive",          200, { { "text/plain; charset=utf-8", NULL } }, { 0 }, NULL },
	{ "/metrics",         "GET",    "scrape",           200, { { "text/plain; version=0.0.4; charset=utf-8", NULL } }, { 0 }, NULL },
	{ "/openapi.json",    "GET",    "describe",         200, { { JSON_TYPE, "Document" } }, { 0 }, NULL },
	{ "/readyz",          "GET",    "isReady",          200, { { "text/plain; charset=utf-8", NULL } }, { PROBLEM_NOT_READY }, NULL },
	{ "/schema",          "GET",    "showSchema",       200, { { JSON_TYPE, "Document" } }, { 0 }, NULL },
	{ "/stats",           "GET",    "showStats",        200, { { JSON_TYPE, "Stats" } }, { 0 }, NULL },
	{ "/upstreams",       "GET",    "listUpstreams",    200, { { JSON_TYPE, "Upstreams" } }, { 0 }, NULL },
	{ "/version",         "GET",    "showVersion",      200, { { JSON_TYPE, "Version" } }, { 0 }, NULL },
};
/* clang-format on */

const int openapi_operation_count = sizeof(openapi_operations) / sizeof(openapi_operations[0]);

/* What any request may meet. */
static const enum problem everywhere[] = {
	PROBLEM_BAD_REQUEST,
	PROBLEM_UNAUTHORIZED,
	PROBLEM_FOREIGN_ORIGIN,
	PROBLEM_WRONG_HOST,
	PROBLEM_TOO_MANY_REQUESTS,
	PROBLEM_NO_MEMORY,
	PROBLEM_BUSY,
};

static const char *
reference(const char *schema, char text[64])
{
	snprintf(text, 64, "#/components/schemas/%s", schema);
	return text;
}

static void
add_content(json_t *response, const char *type, const char *schema)
{
	json_t *content = json_object_get(response, "content"), *form;
	char text[64];

	if (content == NULL)
		content = json_add_object(response, "content");
	form = json_add_object(json_add_object(content, type), "schema");
	if (schema == NULL)
		json_add_text(form, "type", "string");
	else
		json_add_text(form, "$ref", reference(schema, text));
}

/* Several problems may have one status; then the description names them all. */
static void
add_problem(json_t *responses, enum problem problem, bool has_body)
{
	char status[8], description[512];
	struct text text;

	snprintf(status, sizeof(status), "%d", problem_status(problem));
	json_t *response = json_object_get(responses, status);
	const char *before = response == NULL ? NULL : json_string_value(json_object_get(response, "description"));
	if (before != NULL && strstr(before, problem_title(problem)) != NULL)
		return;
	text_init(&text, description, sizeof(description));
	text_addf(&text, "%s%s%s: %s", before == NULL ? "" : before, before == NULL ? "" : "; or ",
	    problem_type(problem), problem_title(problem));
	if (response == NULL)
		response = json_add_object(responses, status);
	json_add_text(response, "description", description);
	if (has_body && before == NULL)
		add_content(response, "application/problem+json", "Problem");
}

/* Probes carry no token, and neither does a page that is only about to ask for one. */
static bool
may_meet(const struct operation *operation, enum problem problem)
{
	static const char *const open[] = { "/livez", "/readyz", "/assets/FILE" };

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (problem == PROBLEM_UNAUTHORIZED && strcmp(operation->path, open[i]) == 0)
			return false;
	}
	return true;
}

static void
add_common_problems(json_t *responses, const struct operation *operation, bool has_body)
{
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
		if (may_meet(operation, everywhere[i]))
			add_problem(responses, everywhere[i], has_body);
	}
}

static void
add_responses(json_t *it, const struct operation *operation, bool has_body)
{
	json_t *responses = json_add_object(it, "responses");
	char status[8];

	snprintf(status, sizeof(status), "%d", operation->status);
	json_t *fine = json_add_object(responses, status);
	json_add_text(fine, "description", operation->status == 202 ? "it was ordered" : "the answer");
	for (int i = 0; has_body && i < ANSWER_FORMS_MAX && operation->forms[i].type != NULL; i++)
		add_content(fine, operation->forms[i].type, operation->forms[i].schema);
	add_common_problems(responses, operation, has_body);
	for (int i = 0; i < ANSWER_PROBLEMS_MAX && operation->problems[i] != PROBLEM_NONE; i++)
		add_problem(responses, operation->problems[i], has_body);
}

static void
add_query(json_t *parameters, const struct parameter *parameter)
{
	json_t *it = json_object();

	json_add_text(it, "name", parameter->name);
	json_add_text(it, "in", "query");
	json_add_text(it, "description", parameter->meaning);
	json_object_set_new(it, "schema", json_loads(parameter->schema, 0, NULL));
	json_array_append_new(parameters, it);
}

/* What stands in the path for a word in capitals. */
static void
add_word(json_t *parameters, const char *path)
{
	const char *word = strpbrk(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	char name[16];
	size_t length = 0;

	if (word == NULL)
		return;
	for (; isupper((unsigned char)word[length]) && length < sizeof(name) - 1; length++)
		name[length] = (char)tolower((unsigned char)word[length]);
	name[length] = '\0';
	json_t *it = json_object();
	json_add_text(it, "name", name);
	json_add_text(it, "in", "path");
	json_add_bool(it, "required", true);
	json_add_text(it, "description",
	    strcmp(name, "id") == 0     ? "of a connection, as records show it"
	    : strcmp(name, "file") == 0 ? "of the page"
					: "of a listener, as -l says it; with %2F for each slash");
	json_add_text(json_add_object(it, "schema"), "type", "string");
	json_array_append_new(parameters, it);
}

/* "/conns/ID/explain" is "/conns/{id}/explain" here. */
static const char *
template_of(const char *path, char text[64])
{
	struct text to;
	bool inside = false;

	text_init(&to, text, 64);
	for (; *path != '\0' || inside; path++) {
		bool is_capital = isupper((unsigned char)*path) != 0;

		if (is_capital != inside)
			text_add_char(&to, inside ? '}' : '{');
		inside = is_capital;
		if (*path == '\0')
			break;
		text_add_char(&to, (char)tolower((unsigned char)*path));
	}
	return text;
}

static void
add_parameters(json_t *it, const struct route *route)
{
	json_t *parameters = json_add_array(it, "parameters");

	add_word(parameters, route->path);
	for (const struct parameter *parameter = route->parameters; parameter->name != NULL; parameter++)
		add_query(parameters, parameter);
}

static void
add_body(json_t *it, const struct operation *operation)
{
	json_t *body;

	if (operation->body == NULL)
		return;
	body = json_add_object(it, "requestBody");
	json_add_bool(body, "required", true);
	add_content(body, JSON_TYPE, operation->body);
	add_content(body, "application/merge-patch+json", operation->body);
}

/* `as`: "get", or "head" for the same without its body. */
static void
add_operation(json_t *path, const struct route *route, const struct operation *operation, const char *as)
{
	bool is_head = strcmp(as, "head") == 0;
	json_t *it = json_add_object(path, as);
	char id[64];

	snprintf(id, sizeof(id), "%s%s", operation->id, is_head ? "Head" : "");
	json_add_text(it, "operationId", id);
	json_add_text(it, "summary", route->help);
	add_parameters(it, route);
	add_body(it, operation);
	add_responses(it, operation, !is_head);
}

static void
add_options(json_t *path, const struct operation *operation)
{
	json_t *it = json_add_object(path, "options"), *responses;
	char id[64];

	snprintf(id, sizeof(id), "%sOptions", operation->id);
	json_add_text(it, "operationId", id);
	json_add_text(it, "summary", "the methods that there are");
	add_word(json_add_array(it, "parameters"), operation->path);
	responses = json_add_object(it, "responses");
	json_add_text(json_add_object(responses, "204"), "description", "the header Allow tells them");
	add_common_problems(responses, operation, true);
}

/* Without a token, too, where none is asked for; probes never are. */
static void
add_security(json_t *document)
{
	json_t *security = json_add_array(document, "security"), *token = json_object(), *scheme;

	json_array_append_new(security, json_object());
	json_add_array(token, "token");
	json_array_append_new(security, token);
	scheme = json_add_object(json_add_object(json_object_get(document, "components"), "securitySchemes"), "token");
	json_add_text(scheme, "type", "http");
	json_add_text(scheme, "scheme", "bearer");
	json_add_text(scheme, "description", "what stands in --admin-token-file; /livez and /readyz need none");
}

static const struct route *
route_of(const struct operation *operation)
{
	for (int i = 0; i < route_count; i++) {
		if (strcmp(routes[i].path, operation->path) == 0 &&
		    strstr(routes[i].methods, operation->method) != NULL)
			return &routes[i];
	}
	return NULL;
}

static void
add_paths(json_t *document)
{
	json_t *paths = json_add_object(document, "paths"), *path;
	char template[64], method[16];

	for (int i = 0; i < openapi_operation_count; i++) {
		const struct operation *operation = &openapi_operations[i];
		const struct route *route = route_of(operation);
		size_t length = 0;

		if (route == NULL) /* a test sees to it that there is one */
			continue;
		template_of(operation->path, template);
		path = json_object_get(paths, template);
		if (path == NULL) {
			path = json_add_object(paths, template);
			add_options(path, operation);
		}
		for (; operation->method[length] != '\0'; length++)
			method[length] = (char)tolower((unsigned char)operation->method[length]);
		method[length] = '\0';
		add_operation(path, route, operation, method);
		if (strcmp(method, "get") == 0)
			add_operation(path, route, operation, "head");
	}
}

static void
add_schemas(json_t *document)
{
	json_t *schemas = json_add_object(json_add_object(document, "components"), "schemas");

	for (const struct openapi_schema *it = openapi_schemas; it->name != NULL; it++)
		json_object_set_new(schemas, it->name, json_loads(it->json, 0, NULL));
	json_object_set_new(schemas, "ConnectionShort", schema_record(VIEW_SHORT));
	json_object_set_new(schemas, "ConnectionFull", schema_record(VIEW_FULL));
	json_object_set_new(schemas, "ConnectionSingle", schema_record(VIEW_SINGLE));
}

json_t *
openapi_document(void)
{
	json_t *document = json_object(), *about, *licence;

	json_add_text(document, "openapi", "3.1.0");
	about = json_add_object(document, "info");
	json_add_text(about, "title", PACKAGE_NAME);
	json_add_text(about, "version", PACKAGE_VERSION);
	json_add_text(about, "description",
	    "Who is connected, for how long, how healthy the path is, and who hung up on whom. "
	    "sockproxy-api(7) says what the fields mean and how filters are written.");
	licence = json_add_object(about, "license");
	json_add_text(licence, "name", "MIT");
	json_add_text(licence, "identifier", "MIT");
	json_t *servers = json_add_array(document, "servers"), *here = json_object();
	json_add_text(here, "url", "/");
	json_array_append_new(servers, here);
	add_paths(document);
	add_schemas(document);
	add_security(document);
	return document;
}
