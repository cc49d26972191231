/* SPDX-License-Identifier: MIT */
/*
 * A command of the client, and what a daemon answers: the first letter says which command, the second how the answer
 * begins, and the rest is its body, each time that something is asked.  Nothing of it steers a terminal.
 */
#include "fuzz/harmless.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include "client/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { ASKED_MOST = 4 };

static const char *body;
static int status, asked;

/* In place of client/http_client.c. */

struct http_client {
	int unused;
};

struct http_client *
http_client_new(const struct http_setting *setting)
{
	(void)setting;
	return calloc(1, sizeof(struct http_client));
}

void
http_client_free(struct http_client *http)
{
	free(http);
}

/* Pieces of an answer come as they come. */
static enum http_result
deliver(const struct http_ask *ask)
{
	const char *at = body;

	for (size_t left = strlen(body), piece = 1; left > 0; left -= piece, at += piece) {
		piece = piece * 3 < left ? piece * 3 : left;
		if (!ask->take(ask->taker, at, piece))
			return HTTP_ENOUGH;
	}
	return HTTP_ANSWERED;
}

enum http_result
http_client_ask(struct http_client *http, const struct http_ask *ask, struct http_answer *answer)
{
	(void)http;
	*answer = (struct http_answer){ .status = status };
	if (++asked > ASKED_MOST || status == 0) {
		snprintf(answer->fault, sizeof(answer->fault), "%.300s", body);
		answer->status = 0;
		return HTTP_UNREACHABLE;
	}
	if (ask->take != NULL && status / 100 == 2)
		return deliver(ask);
	answer->body = strdup(body);
	answer->length = strlen(body);
	return HTTP_ANSWERED;
}

void
http_answer_fini(struct http_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}

bool
http_client_begin(struct http_client *http, const struct http_ask *ask, struct http_answer *answer)
{
	(void)http, (void)ask, (void)answer;
	return false;
}

bool
http_client_wait(struct http_client *http, const int *fds, int count, int timeout_ms, enum http_result *result)
{
	(void)http, (void)fds, (void)count, (void)timeout_ms, (void)result;
	return false;
}

void
http_client_give_up(struct http_client *http)
{
	(void)http;
}

bool
http_escape(struct text *text, const char *part)
{
	text_add(text, part);
	return !text->truncated;
}

/* Commands of which each shows something else.  JSON is passed on as it came, and is not for terminals. */
static const struct {
	command_fn *run;
	enum output_form output;
	bool people; /* at a terminal, in colours */
	const char *operand, *fields;
	bool yes;
} acts[] = {
	{ cmd_findings, OUTPUT_TABLE, true, "", NULL, false },
	{ cmd_findings, OUTPUT_WIDE, false, "", NULL, false },
	{ cmd_conns, OUTPUT_TABLE, true, "", NULL, false },
	{ cmd_conns, OUTPUT_WIDE, false, "idle > 5m", NULL, false },
	{ cmd_conns, OUTPUT_TABLE, false, "", "id,whatever,legs.client.tcp.rtt_us,attempts", false },
	{ cmd_events, OUTPUT_TABLE, true, "", NULL, false },
	{ cmd_events, OUTPUT_WIDE, false, "", NULL, false },
	{ cmd_show, OUTPUT_TABLE, true, "dc43g9dj0200000000007", NULL, false },
	{ cmd_show, OUTPUT_TABLE, false, "port == 1", NULL, false },
	{ cmd_explain, OUTPUT_TABLE, false, "dc43g9dj0200000000007", NULL, false },
	{ cmd_kill, OUTPUT_TABLE, false, "port == 1", NULL, true },
};

static const int statuses[] = { 200, 400, 401, 404, 410, 503, 0 };

enum { ACTS = sizeof(acts) / sizeof(acts[0]), STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

static void
act(struct client *client, int number)
{
	struct client_options *options = &client->options;

	memset(client, 0, sizeof(*client));
	strcpy(client->setting.url.shown, "127.0.0.1:9100");
	client->terminal = (struct terminal){ acts[number].people, acts[number].people, acts[number].people ? 100 : 0 };
	options->output = acts[number].output;
	options->fields = acts[number].fields;
	options->yes = acts[number].yes;
	strcpy(options->operand, acts[number].operand);
	client->http = http_client_new(&client->setting);
	asked = 0;
	acts[number].run(client);
	http_client_free(client->http);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct client client;
	FILE *usual_out = stdout, *usual_err = stderr;
	char *said;
	size_t length;

	if (size < 2)
		return 0;
	expect(setlocale(LC_ALL, "C.UTF-8") != NULL);
	char *text = strndup((const char *)bytes + 2, size - 2);
	body = text;
	status = statuses[bytes[1] % STATUSES];
	stdout = stderr = open_memstream(&said, &length);
	act(&client, bytes[0] % ACTS);
	fclose(stdout);
	stdout = usual_out;
	stderr = usual_err;
	expect_harmless(said);
	free(said);
	free(text);
	if (client_must_stop()) /* cmd_events heeds signals in the fuzzer's place */
		exit(EXIT_FAILURE);
	return 0;
}
