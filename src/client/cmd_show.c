/* SPDX-License-Identifier: MIT */
/* sockproxy show ID: all that is known of one connection. */
#include <stdio.h>
#include "client/ask.h"
#include "client/json_at.h"
#include "client/record_sheet.h"

int
cmd_show(struct client *client)
{
	char id[ID_MAX + 1];
	struct target target;
	struct http_answer answer;
	json_error_t error;
	int status = ask_one(client, id);

	if (status != EXIT_FINE)
		return status;
	target_init(&target, "/conns");
	target_add_word(&target, id);
	const struct http_ask question = { .method = "GET", .target = target.bytes, .accept = "application/json" };
	status = ask(client, &question, &answer);
	if (status == EXIT_FINE) {
		json_t *record = answer.body == NULL ? NULL : json_loadb(answer.body, answer.length, 0, &error);

		if (json_at_text(record, "id") == NULL) {
			client_say("what answers at %s is no sockproxy: no record came", client->setting.url.shown);
			status = EXIT_FAILED;
		} else if (client->options.output == OUTPUT_JSON) {
			fwrite(answer.body, 1, answer.length, stdout);
		} else {
			record_sheet_print(record, stdout, &client->terminal);
		}
		json_decref(record);
	}
	http_answer_fini(&answer);
	return status;
}
