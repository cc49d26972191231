/* SPDX-License-Identifier: MIT */
#include "support/proxy_facts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/http_ask.h"
#include "support/wait_until.h"

/* Reachable for ever, and so no leak. */
static json_t *kept;

static json_t *
get(const struct proxy *proxy, const char *target)
{
	struct answer answer;
	json_error_t error;

	http_get(&proxy->admin, target, &answer);
	ck_assert_msg(answer.status == 200, "GET %s: %d %s", target, answer.status, answer.body);
	json_t *json = json_loads(answer.body, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(json != NULL, "GET %s: %s at %d: %s", target, error.text, error.position, answer.body);
	http_forget(&answer);
	return json;
}

static json_t *
keep(json_t *json)
{
	if (kept == NULL)
		kept = json_array();
	ck_assert_int_eq(json_array_append_new(kept, json), 0);
	return json;
}

json_t *
http_get_json(const struct proxy *proxy, const char *target)
{
	return keep(get(proxy, target));
}

int
http_order(const struct proxy *proxy, const char *method, const char *target, const char *headers, json_t **document)
{
	struct answer answer;
	char request[8192];
	int length = snprintf(
	    request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, headers);

	ck_assert_int_lt(length, (int)sizeof(request));
	http_ask(&proxy->admin, request, &answer);
	if (document != NULL)
		*document = keep(json_loads(answer.body, JSON_REJECT_DUPLICATES, NULL));
	http_forget(&answer);
	return answer.status;
}

/* Member names hold no dots, so a dot always goes one deeper. */
json_t *
path(const json_t *json, const char *text)
{
	char step[128];

	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, ".");

		ck_assert_uint_lt(length, sizeof(step));
		snprintf(step, sizeof(step), "%.*s", (int)length, at);
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(step)) : json_object_get(json, step);
		ck_assert_msg(json != NULL, "there is no %s (at %s)", text, step);
		at += length;
		at += *at == '.';
	}
	return (json_t *)json;
}

const char *
path_text(const json_t *json, const char *text)
{
	const json_t *it = path(json, text);

	ck_assert_msg(json_is_string(it) || json_is_null(it), "%s is no text", text);
	return json_string_value(it);
}

json_int_t
path_number(const json_t *json, const char *text)
{
	const json_t *it = path(json, text);

	ck_assert_msg(json_is_integer(it), "%s is no number", text);
	return json_integer_value(it);
}

json_int_t
proxy_stat(const struct proxy *proxy, const char *text)
{
	json_t *stats = get(proxy, "/stats");
	json_int_t value = path_number(stats, text);

	json_decref(stats);
	return value;
}

bool
proxy_is_settled(const struct proxy *proxy)
{
	json_t *stats = get(proxy, "/stats");
	json_int_t through = path_number(stats, "totals.connections_closed");
	static const char *const states[] = { "established", "client_half_closed", "upstream_half_closed", "flushing" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		through += path_number(path(stats, "connections_by_state"), states[i]);
	bool settled = path_number(stats, "totals.connections_accepted") == through;
	json_decref(stats);
	return settled;
}

static int
count_conns(const struct proxy *proxy, const char *target)
{
	json_t *list = get(proxy, target);
	int count = (int)json_array_size(path(list, "conns"));

	json_decref(list);
	return count;
}

int
proxy_active_count(const struct proxy *proxy)
{
	return count_conns(proxy, "/conns?limit=10000");
}

int
proxy_history_count(const struct proxy *proxy)
{
	return count_conns(proxy, "/conns?state=closed&limit=10000");
}

static json_t *
first_of(const struct proxy *proxy, const char *target)
{
	json_t *list = get(proxy, target);
	json_t *first = json_incref(path(list, "conns.0"));

	json_decref(list);
	return keep(first);
}

json_t *
proxy_closed(const struct proxy *proxy, int count)
{
	wait_until(proxy_history_count(proxy) >= count);
	ck_assert_int_eq(proxy_history_count(proxy), count);
	return first_of(proxy, "/conns?state=closed&view=full");
}

json_t *
proxy_live(const struct proxy *proxy, const char *state)
{
	char target[64];

	snprintf(target, sizeof(target), "/conns?view=full&state=%s", state);
	wait_until(count_conns(proxy, target) > 0);
	return first_of(proxy, target);
}

bool
told_of(const json_t *record, const char *event, const char *leg)
{
	json_t *events = path(record, "events"), *it;
	size_t i;

	json_array_foreach(events, i, it) {
		if (strcmp(path_text(it, "event"), event) == 0 && strcmp(path_text(it, "leg"), leg) == 0)
			return true;
	}
	return false;
}
