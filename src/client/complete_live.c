/* SPDX-License-Identifier: MIT */
/* What a running daemon can offer.  It is asked once, for a second at most, and may as well not be there. */
#include <string.h>
#include "base/clock.h"
#include "client/ask.h"
#include "client/complete.h"
#include "client/conn_columns.h"
#include "client/json_at.h"

enum { LIMIT = 200 };

static json_t *
list(struct client *client, const char *state)
{
	struct http_setting *setting = &client->setting;
	struct http_answer answer = { 0 };
	char bytes[256];
	struct text error;
	struct target target;
	json_t *list = NULL;

	text_init(&error, bytes, sizeof(bytes));
	if (!admin_url_parse(&setting->url, client->options.server, &error) || !client_read_token(client))
		return NULL;
	setting->cacert = client->options.cacert;
	setting->timeout_ms = client->options.timeout_ns / NS_PER_MS;
	client->http = http_client_new(setting);
	if (client->http == NULL)
		return NULL;
	target_init(&target, "/conns");
	target_add(&target, "state", state);
	target_add_number(&target, "limit", LIMIT);
	const struct http_ask question = { .method = "GET", .target = target.bytes, .accept = "application/json" };
	if (http_client_ask(client->http, &question, &answer) == HTTP_ANSWERED && answer.status == 200)
		list = json_loadb(answer.body, answer.length, 0, NULL);
	http_answer_fini(&answer);
	http_client_free(client->http);
	return list;
}

void
complete_ids(struct completion *completion)
{
	json_t *all = completion->client == NULL ? NULL : list(completion->client, "all");
	const json_t *record;
	size_t i;

	json_array_foreach(json_at(all, "conns"), i, record) {
		const char *id = json_at_text(record, "id"), *reason = json_at_text(record, "close.reason");
		const char *state = json_at_text(record, "state");
		char bytes[CONN_CELL_MAX];
		struct text told;

		text_init(&told, bytes, sizeof(bytes));
		conn_address(&told, record, "client.address", "client.port", "unix");
		text_addf(&told, " %s", reason != NULL ? reason : state == NULL ? "" : state);
		if (id != NULL && ask_is_id(id))
			complete_offer(completion, id, bytes);
	}
	json_decref(all);
}

/* Each value once. */
void
complete_values(struct completion *completion, const char *path)
{
	json_t *active = completion->client == NULL ? NULL : list(completion->client, NULL), *seen = json_object();
	const json_t *record;
	size_t i;

	json_array_foreach(json_at(active, "conns"), i, record) {
		const char *value = json_at_text(record, path);
		json_int_t number = json_at_number(record, path, -1);
		char bytes[256];

		if (value != NULL && strpbrk(value, " ,()\"'&|\\`$!") != NULL)
			continue; /* how to quote it twice is beyond a completion, and in double quotes a shell runs it */
		if (value != NULL)
			snprintf(bytes, sizeof(bytes), "%s", value);
		else if (number >= 0)
			snprintf(bytes, sizeof(bytes), "%lld", (long long)number);
		else
			continue;
		if (json_object_get(seen, bytes) != NULL)
			continue;
		json_object_set_new(seen, bytes, json_true());
		complete_offer(completion, bytes, NULL);
	}
	json_decref(seen);
	json_decref(active);
}
