/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/nearest.h"
#include "base/text.h"

static const char reads[] = "GET, HEAD, OPTIONS"; /* these change nothing; all else needs --admin-write */
static const char every_method[] = "GET, HEAD, OPTIONS, POST, PATCH, DELETE";
static const struct parameter none[] = { { 0 } };

/* clang-format off */
const struct route routes[] = {
	{ "/",          reads, route_index,     none,                    "this index; for browsers the page, which shows all of this" },
	{ "/assets/FILE", reads, route_asset,    none,                    "what the page is made of" },
	{ "/config",    reads, route_config,    none,                    "what each option is set to" },
	{ "/conns",     reads, route_conns,     route_conns_parameters,  "the connections, live and closed" },
	{ "/conns",     "DELETE", route_kill_many, route_kill_many_parameters, "ends those that a filter chooses" },
	{ "/conns/ID",  reads, route_conn,      none,                    "all that is known of one connection" },
	{ "/conns/ID",  "DELETE", route_kill,   route_kill_parameters,   "ends that connection" },
	{ "/conns/ID/explain", reads, route_explain, route_explain_parameters, "the story of that connection in plain words" },
	{ "/drain",     reads, route_drain,     none,                    "whether clients are taken, and if not, since when and until when" },
	{ "/drain",     "POST", route_drain_begin, route_drain_parameters, "no more clients; who is here may finish until the deadline" },
	{ "/drain",     "DELETE", route_drain_end, none,                 "clients are taken again" },
	{ "/events",    reads, route_events,    route_events_parameters, "what happens, as it happens: server-sent events, or lines of JSON" },
	{ "/findings",  reads, route_findings,  none,                    "what is worth a look: suspicions with their evidence, and the filter that shows the connections" },
	{ "/listeners", reads, route_listeners, none,                    "the listeners, each step of their lives, and their accept queues" },
	{ "/listeners/NAME", "OPTIONS, PATCH", route_listener_patch, none,        "pauses that listener, or has it listen again" },
	{ "/livez",     reads, route_livez,     none,                    "200 while the process answers" },
	{ "/metrics",   reads, route_metrics,   none,                    "for Prometheus: what /stats and /listeners have, in its text format" },
	{ "/openapi.json", reads, route_openapi, none,                   "this interface for programs that write programs: OpenAPI 3.1" },
	{ "/readyz",    reads, route_readyz,    none,                    "200 while clients are accepted, else 503 with the reason" },
	{ "/schema",    reads, route_schema,    route_schema_parameters, "JSON Schema of a connection: each field, its type, unit and meaning" },
	{ "/stats",     reads, route_stats,     none,                    "totals since the start, and what is open now" },
	{ "/upstreams", reads, route_upstreams, none,                    "the upstreams, each target with its addresses and what came of connecting it" },
	{ "/version",   reads, route_version,   none,                    "what runs here: version, node, boot, libraries" },
};
/* clang-format on */

const int route_count = sizeof(routes) / sizeof(routes[0]);

/* *name: what stands in the place of the pattern's word in capitals, if it has one. */
static bool
match(const char *pattern, const struct path *path, const char **name)
{
	*name = NULL;
	for (int i = 0; i < path->count; i++) {
		const char *word = path->words[i];
		size_t length = *pattern == '\0' ? 0 : strcspn(++pattern, "/");

		if (length == 0 || *word == '\0')
			return false;
		if (*pattern >= 'A' && *pattern <= 'Z')
			*name = word;
		else if (strlen(word) != length || strncmp(pattern, word, length) != 0)
			return false;
		pattern += length;
	}
	return *pattern == '\0' || (path->count == 0 && strcmp(pattern, "/") == 0);
}

/* The first of its path: those that change something by it follow. */
static const struct route *
find(const struct path *path, const char **name)
{
	for (int i = 0; i < route_count; i++) {
		if (match(routes[i].path, path, name))
			return &routes[i];
	}
	return NULL;
}

static bool
follows(const struct route *first, const struct route *route)
{
	return route < routes + route_count && strcmp(route->path, first->path) == 0;
}

static void
refuse_query(enum query_fault fault, const char *name, struct reply *reply)
{
	static const char *const details[] = {
		[QUERY_BAD_ESCAPE] = "Behind a % two hexadecimal digits are expected.",
		[QUERY_NO_TEXT] = "It is no UTF-8 text.",
		[QUERY_REPEATED] = "It may be given once.",
		[QUERY_TOO_MANY] = "No path here takes that many parameters.",
	};
	bool repeated = fault == QUERY_REPEATED;

	reply_problem(reply, repeated ? PROBLEM_REPEATED_PARAMETER : PROBLEM_BAD_VALUE, name, "%s", details[fault]);
}

static bool
knows(const struct route *route, const char *name)
{
	for (const struct parameter *it = route->parameters; it->name != NULL; it++) {
		if (strcmp(it->name, name) == 0)
			return true;
	}
	return false;
}

static const char *
nearest_parameter(const struct route *route, const char *name)
{
	const char *names[QUERY_PARAMETERS_MAX + 1] = { NULL };

	for (int i = 0; route->parameters[i].name != NULL; i++) {
		assert(i < QUERY_PARAMETERS_MAX);
		names[i] = route->parameters[i].name;
	}
	return nearest(name, names);
}

/* A misspelt filter must not list everything. */
static bool
refuse_unknown(const struct route *route, const struct query *query, struct reply *reply)
{
	for (int i = 0; i < query->count; i++) {
		const char *name = query->parameters[i].name, *meant = nearest_parameter(route, name);

		if (knows(route, name))
			continue;
		if (meant != NULL)
			reply_problem(reply, PROBLEM_UNKNOWN_PARAMETER, name, "Did you mean %s?", meant);
		else if (route->parameters[0].name == NULL)
			reply_problem(reply, PROBLEM_UNKNOWN_PARAMETER, name, "%s takes none.", route->path);
		else
			reply_problem(reply, PROBLEM_UNKNOWN_PARAMETER, name, "/ lists those of %s.", route->path);
		return true;
	}
	return false;
}

static void
refuse_path(const struct path *path, struct reply *reply)
{
	const char *paths[sizeof(routes) / sizeof(routes[0]) + 1] = { NULL }, *meant;
	char room[64];
	struct text whole;

	text_init(&whole, room, sizeof(room));
	for (int i = 0; i < path->count; i++)
		text_addf(&whole, "/%s", path->words[i]);
	for (int i = 0; i < route_count; i++)
		paths[i] = routes[i].path;
	meant = nearest(room, paths);
	if (meant != NULL)
		reply_problem(reply, PROBLEM_UNKNOWN_PATH, NULL, "Did you mean %s?", meant);
	else
		reply_problem(reply, PROBLEM_UNKNOWN_PATH, NULL, "/ lists all paths.");
}

static bool
takes(const char *methods, const char *method)
{
	size_t length = strlen(method);

	while (methods != NULL) {
		if (strncmp(methods, method, length) == 0 && (methods[length] == ',' || methods[length] == '\0'))
			return true;
		methods = strchr(methods, ' ');
		if (methods != NULL)
			methods++;
	}
	return false;
}

/* NULL: none of its path does. */
static const struct route *
find_for(const struct route *first, const char *method)
{
	for (const struct route *route = first; follows(first, route); route++) {
		if (takes(route->methods, method))
			return route;
	}
	return NULL;
}

static void
add_method(struct reply *reply, const char *methods)
{
	size_t length = strlen(reply->allow);

	snprintf(reply->allow + length, sizeof(reply->allow) - length, "%s%s", length == 0 ? "" : ", ", methods);
}

static void
allow(struct reply *reply, const struct route *first)
{
	for (const struct route *route = first; follows(first, route); route++)
		add_method(reply, route->methods);
}

static bool
refuse_change(const struct request *request, const struct route *route, struct reply *reply)
{
	if (route->methods == reads || request->track->settings->admin_write)
		return false;
	reply_problem(reply, PROBLEM_NO_CHANGES, NULL,
	    "%s of %s needs a sockproxy that was started with --admin-write.", route->methods, route->path);
	return true;
}

static void
answer(struct request *request, const struct route *route, char *query, struct reply *reply)
{
	const char *name = NULL;
	enum query_fault fault = query_parse(&request->query, query, &name);

	if (fault != QUERY_FINE)
		refuse_query(fault, name, reply);
	else if (!refuse_unknown(route, &request->query, reply))
		route->answer(request, reply);
}

enum { BODY_MAX = 4096 };

size_t
router_body_max(const char *method)
{
	return strcmp(method, "PATCH") == 0 ? BODY_MAX : 0;
}

void
router_answer(struct request *request, const char *method, char *target, struct reply *reply)
{
	bool asks_methods = strcmp(method, "OPTIONS") == 0;
	char *text = strsep(&target, "?"), *query = target;
	struct path path;

	if (asks_methods && strcmp(text, "*") == 0) {
		reply->status = 204;
		add_method(reply, every_method);
		return;
	}
	enum query_fault fault = *text == '/' ? path_parse(&path, text) : QUERY_NO_TEXT;
	if (fault == QUERY_TOO_MANY) {
		reply_problem(reply, PROBLEM_UNKNOWN_PATH, NULL, "/ lists all paths.");
		return;
	}
	if (fault != QUERY_FINE) {
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL,
		    "Expected a path that begins with /, in UTF-8, with two hexadecimal digits behind each %%.");
		return;
	}
	const struct route *first = find(&path, &request->name);
	const struct route *route = first == NULL ? NULL : find_for(first, method);
	if (first == NULL) {
		refuse_path(&path, reply);
	} else if (route == NULL) {
		allow(reply, first);
		reply_problem(reply, PROBLEM_METHOD, NULL, "%s takes %s.", first->path, reply->allow);
	} else if (asks_methods) {
		reply->status = 204;
		allow(reply, first);
	} else if (!refuse_change(request, route, reply)) {
		answer(request, route, query, reply);
	}
}
