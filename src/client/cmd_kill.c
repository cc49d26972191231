/* SPDX-License-Identifier: MIT */
/*
 * sockproxy kill ID|FILTER: shows whom it means, asks, and orders it.
 *
 * While people think, connections come and go.  So what is ordered in the end names the
 * connections that were shown, and the filter once more: nobody is hit who was not
 * shown, and nobody who does not match any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "client/ask.h"
#include "client/conn_columns.h"
#include "client/json_at.h"

enum { SHOWN_MOST = 50 };

/* What is to be killed. */
struct killing {
	struct client *client;
	char filter[ASK_FILTER_MAX]; /* "": the id */
	char id[ID_MAX + 1];
	uint64_t max; /* 0: no limit */
};

static void
set_target(const struct killing *killing, struct target *target, bool dry_run)
{
	target_init(target, "/conns");
	if (killing->filter[0] == '\0')
		target_add_word(target, killing->id);
	target_add(target, "filter", killing->filter);
	if (killing->client->options.how == KILL_FIN)
		target_add(target, "how", "fin");
	if (killing->filter[0] != '\0' && killing->max > 0)
		target_add_number(target, "max", killing->max);
	if (dry_run)
		target_add(target, "dry_run", "1");
}

/* Fewer posted than matched is a failure, unless --max wanted that. */
static int
report(const struct killing *killing, const json_t *answer, bool dry_run)
{
	json_int_t matched = json_at_number(answer, "matched", 0), posted = json_at_number(answer, "posted", 0);
	const char *detail = json_at_text(answer, "detail");
	bool enough = posted >= matched || (killing->max > 0 && (uint64_t)posted >= killing->max);
	char bytes[1024];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	text_addf(&text, "%lld matched, ", (long long)matched);
	if (dry_run)
		text_add(&text, "none ordered to end: a dry run");
	else
		text_addf(&text, "%lld ordered to end", (long long)posted);
	if (detail != NULL && !dry_run) {
		text_add(&text, ": ");
		terminal_add(&text, detail);
	}
	puts(bytes);
	if (matched == 0)
		return EXIT_NOTHING;
	return dry_run || enough ? EXIT_FINE : EXIT_FAILED;
}

static int
order(const struct killing *killing, bool dry_run)
{
	struct client *client = killing->client;
	struct target target;
	json_t *answer;
	int status;

	set_target(killing, &target, dry_run);
	status = ask_json(client, "DELETE", target.bytes, &answer);
	if (status != EXIT_FINE)
		return status;
	if (client->options.output == OUTPUT_JSON) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		fputc('\n', stdout);
		status = json_at_number(answer, "matched", 0) > 0 ? EXIT_FINE : EXIT_NOTHING;
	} else {
		status = report(killing, answer, dry_run);
	}
	json_decref(answer);
	return status;
}

/* To those that were shown; where that does not fit, the number that was told is the most that may end. */
static void
narrow(struct killing *killing, const json_t *conns, uint64_t matched)
{
	if (killing->max == 0 || killing->max > matched)
		killing->max = matched;
	if (json_array_size(conns) == matched)
		ask_only_these(killing->filter, conns);
}

/* Shows the first of them.  EXIT_FINE: there are `*matched`, one at least. */
static int
show(struct killing *killing, uint64_t *matched)
{
	struct client *client = killing->client;
	struct target target;
	const json_t *record;
	json_t *list;
	int status;
	size_t i;

	target_init(&target, "/conns");
	target_add(&target, "filter", killing->filter);
	target_add_number(&target, "limit", SHOWN_MOST);
	target_add_number(&target, "count", 1);
	status = ask_json(client, "GET", target.bytes, &list);
	if (status != EXIT_FINE)
		return status;
	const json_t *conns = json_at(list, "conns");
	*matched = (uint64_t)json_at_number(list, "matched", (json_int_t)json_array_size(conns));
	if (json_array_size(conns) == 0) {
		client_say("no open connection matches");
		json_decref(list);
		return EXIT_NOTHING;
	}
	struct conn_columns *columns = conn_columns_new(client->options.output, NULL, false);
	json_array_foreach(conns, i, record)
		conn_columns_add(columns, record);
	conn_columns_print(columns, stdout, &client->terminal, true);
	conn_columns_free(columns);
	if (*matched > json_array_size(conns))
		printf("... and %llu more\n", (unsigned long long)(*matched - json_array_size(conns)));
	narrow(killing, conns, *matched);
	json_decref(list);
	return EXIT_FINE;
}

static bool
says_yes(uint64_t count, enum kill_how how)
{
	char answer[16];

	printf("%s %llu connection%s? [y/N] ", how == KILL_FIN ? "End" : "Kill", (unsigned long long)count,
	    count == 1 ? "" : "s");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL) {
		putchar('\n');
		return false;
	}
	answer[strcspn(answer, "\n")] = '\0';
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

/* An id is looked at in the same way, so that it, too, is shown. */
static int
show_and_ask(struct killing *killing)
{
	struct client *client = killing->client;
	uint64_t matched = 0;
	int status;

	if (!client->options.dry_run && (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)) {
		client_say("nobody is there to ask: --yes kills without, --dry-run shows whom");
		return EXIT_WRONG_USAGE;
	}
	if (killing->filter[0] == '\0')
		snprintf(killing->filter, sizeof(killing->filter), "id == \"%s\"", killing->id);
	status = show(killing, &matched);
	if (status != EXIT_FINE)
		return status;
	if (client->options.dry_run)
		return order(killing, true);
	if (!says_yes(killing->max < matched ? killing->max : matched, client->options.how)) {
		puts("Nothing was ordered.");
		return EXIT_FAILED;
	}
	return order(killing, false);
}

int
cmd_kill(struct client *client)
{
	const struct client_options *options = &client->options;
	struct killing killing = { .client = client, .max = options->max };
	bool json = options->output == OUTPUT_JSON;

	if (ask_is_id(options->operand))
		strcpy(killing.id, options->operand);
	else
		snprintf(killing.filter, sizeof(killing.filter), "%s", options->operand);
	if (json ? options->yes || options->dry_run : options->yes && !options->dry_run)
		return order(&killing, options->dry_run);
	if (!json)
		return show_and_ask(&killing);
	client_say("-o json shows nobody and asks nothing: it needs --yes or --dry-run");
	return EXIT_WRONG_USAGE;
}
