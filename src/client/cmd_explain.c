/* SPDX-License-Identifier: MIT */
/* sockproxy explain ID: the daemon's own words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/ask.h"

int
cmd_explain(struct client *client)
{
	bool json = client->options.output == OUTPUT_JSON;
	char id[ID_MAX + 1];
	struct target target;
	struct http_answer answer;
	int status = ask_one(client, id);

	if (status != EXIT_FINE)
		return status;
	target_init(&target, "/conns");
	target_add_word(&target, id);
	text_add(&target.text, "/explain");
	const struct http_ask question = {
		.method = "GET",
		.target = target.bytes,
		.accept = json ? "application/json" : "text/plain",
	};
	status = ask(client, &question, &answer);
	if (status == EXIT_FINE && json) {
		fwrite(answer.body, 1, answer.length, stdout);
	} else if (status == EXIT_FINE && answer.body != NULL) {
		size_t size = 3 * answer.length + 1;
		char *bytes = malloc(size);
		struct text text;

		if (bytes == NULL)
			client_no_memory();
		text_init(&text, bytes, size);
		terminal_add_lines(&text, answer.body);
		fputs(bytes, stdout);
		free(bytes);
	}
	http_answer_fini(&answer);
	return status;
}
