/* SPDX-License-Identifier: MIT */
/* sockproxy findings: what the daemon noticed, the worst first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "client/ask.h"
#include "client/columns.h"
#include "client/json_at.h"

/* The last two only in the wide form; the others alone go to standard output as a table. */
static const struct columns_shape shapes[] = {
	{ "SEVERITY", false, 0, 0, false },
	{ "KIND", false, 2, 0, false },
	{ "SINCE", true, 4, 0, false },
	{ "LAST", true, 3, 0, false },
	{ "FINDING", false, 0, 0, false },
	{ "ADVICE", false, 1, 0, false },
	{ "STATE", false, 5, 0, false },
	{ "FILTER", false, 6, 0, false },
};

enum { COLUMNS = sizeof(shapes) / sizeof(shapes[0]), COLUMNS_OF_TABLE = 5 };

static enum ink
ink_of(const char *severity)
{
	if (severity == NULL)
		return INK_PLAIN;
	return strcmp(severity, "critical") == 0 ? INK_RED : strcmp(severity, "warning") == 0 ? INK_YELLOW : INK_PLAIN;
}

static void
add(struct columns *columns, enum ink ink, const char *text)
{
	if (!columns_add(columns, ink, text))
		client_no_memory();
}

/* How long before the daemon's own time that was: "3m12s". */
static const char *
ago(const json_t *document, const json_t *finding, const char *key, char figure[FIGURE_MAX])
{
	const char *now = json_at_text(document, "time"), *then = json_at_text(finding, key);
	int64_t now_us, then_us;

	if (now == NULL || then == NULL || !clock_parse(&now_us, now) || !clock_parse(&then_us, then))
		return NULL;
	return figure_duration(now_us > then_us ? now_us - then_us : 0, FIGURE_NARROW, figure);
}

static void
add_row(struct columns *columns, const json_t *document, const json_t *finding, bool wide)
{
	const char *severity = json_at_text(finding, "severity");
	char figure[FIGURE_MAX];

	add(columns, ink_of(severity), severity);
	add(columns, INK_PLAIN, json_at_text(finding, "kind"));
	add(columns, INK_PLAIN, ago(document, finding, "first_seen_at", figure));
	add(columns, INK_PLAIN, ago(document, finding, "last_seen_at", figure));
	add(columns, INK_PLAIN, json_at_text(finding, "title"));
	if (!wide)
		return;
	add(columns, INK_PLAIN, json_at_text(finding, "advice"));
	add(columns, INK_PLAIN, json_at_text(finding, "state"));
	add(columns, INK_PLAIN, json_at_text(finding, "filter"));
}

static void
print(const struct client *client, const json_t *document, const json_t *findings)
{
	bool wide = client->options.output == OUTPUT_WIDE;
	struct columns *columns = columns_new(shapes, wide ? COLUMNS : COLUMNS_OF_TABLE);
	const json_t *finding;
	size_t i;

	if (columns == NULL)
		client_no_memory();
	json_array_foreach(findings, i, finding)
		add_row(columns, document, finding, wide);
	columns_print(columns, stdout, &client->terminal, !client->options.no_header);
	columns_free(columns);
}

static void
put_harmless(const char *foreign)
{
	char bytes[4096];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	terminal_add(&text, foreign);
	fputs(bytes, stdout);
}

/* As one word, in quotes where it needs them: the line is there to be copied into a shell. */
static void
put_for_shell(const char *foreign)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz_";
	char bytes[4096];
	struct text harmless;

	text_init(&harmless, bytes, sizeof(bytes));
	terminal_add(&harmless, foreign);
	if (*bytes != '\0' && bytes[strspn(bytes, plain)] == '\0') {
		fputs(bytes, stdout);
		return;
	}
	putchar('\'');
	for (const char *at = bytes; *at != '\0'; at++) {
		if (*at == '\'')
			fputs("'\\'", stdout);
		putchar(*at);
	}
	putchar('\'');
}

/* Beneath the table, for people: what may be done about each, and how to see whom it means. */
static void
print_advice(const struct client *client, const json_t *findings)
{
	const json_t *finding;
	size_t i;

	if (!client->terminal.is_one || client->options.output == OUTPUT_WIDE)
		return;
	json_array_foreach(findings, i, finding) {
		const char *words[] = { json_at_text(finding, "title"), json_at_text(finding, "advice"),
			json_at_text(finding, "state"), json_at_text(finding, "filter") };

		if (words[0] == NULL || words[1] == NULL || words[2] == NULL || words[3] == NULL)
			continue;
		printf("\n%s", terminal_ink(&client->terminal, INK_BOLD));
		put_harmless(words[0]);
		printf("%s\n  ", terminal_no_ink(&client->terminal, INK_BOLD));
		put_harmless(words[1]);
		printf("\n  sockproxy conns --state ");
		put_for_shell(words[2]);
		putchar(' ');
		put_for_shell(words[3]);
		putchar('\n');
	}
}

static int
nothing(const struct client *client, const json_t *document)
{
	json_int_t closed = json_at_number(document, "watched.closed", 0);

	if (client->options.output != OUTPUT_JSON)
		client_say("nothing is worth a look; %lld closed connections were looked at", (long long)closed);
	return EXIT_NOTHING;
}

int
cmd_findings(struct client *client)
{
	const struct http_ask question = { .method = "GET", .target = "/findings", .accept = "application/json" };
	struct http_answer answer;
	json_error_t error;
	int status = ask(client, &question, &answer);

	if (status == EXIT_FINE) {
		json_t *document = answer.body == NULL ? NULL : json_loadb(answer.body, answer.length, 0, &error);
		const json_t *findings = json_at(document, "findings");

		if (!json_is_array(findings)) {
			client_say("what answers at %s is no sockproxy: no findings came", client->setting.url.shown);
			status = EXIT_FAILED;
		} else if (client->options.output == OUTPUT_JSON) {
			fwrite(answer.body, 1, answer.length, stdout);
			status = json_array_size(findings) == 0 ? EXIT_NOTHING : EXIT_FINE;
		} else if (json_array_size(findings) == 0) {
			status = nothing(client, document);
		} else {
			print(client, document, findings);
			print_advice(client, findings);
		}
		json_decref(document);
	}
	http_answer_fini(&answer);
	return status;
}
