/* SPDX-License-Identifier: MIT */
/* sockproxy conns [FILTER]: the list, as a table that fits, or as the daemon has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/ask.h"
#include "client/conn_columns.h"
#include "client/json_at.h"

enum { PAGE_MOST = 10000 };

/* What a listing has come to. */
struct listing {
	struct client *client;
	struct conn_columns *columns; /* NULL: JSON */
	size_t shown;
	uint32_t left;   /* of --limit; 0: no limit but the daemon's */
	char after[512]; /* where the next page begins; "": at the first */
};

static void
set_target(struct target *target, const struct listing *listing)
{
	const struct client_options *options = &listing->client->options;

	target_init(target, "/conns");
	target_add(target, "state", options->state);
	target_add(target, "filter", options->operand);
	target_add(target, "sort", options->sort);
	target_add(target, "fields", options->fields);
	target_add(target, "after", listing->after);
	if (options->all && (listing->left == 0 || listing->left > PAGE_MOST))
		target_add_number(target, "limit", PAGE_MOST);
	else if (listing->left > 0)
		target_add_number(target, "limit", listing->left);
}

static bool
pass_on(void *unused, const char *bytes, size_t count)
{
	(void)unused;
	return fwrite(bytes, 1, count, stdout) == count;
}

/* As it comes, whatever it is: nothing is read into it.  An end without one record is told by its status all
 * the same, so its beginning is kept. */
struct passing {
	char head[512];
	size_t length;
};

static bool
pass_on_and_look(void *context, const char *bytes, size_t count)
{
	struct passing *passing = context;
	size_t room = sizeof(passing->head) - 1 - passing->length, part = count < room ? count : room;

	memcpy(passing->head + passing->length, bytes, part);
	passing->length += part;
	return pass_on(NULL, bytes, count);
}

static int
pass_on_page(struct listing *listing, const struct target *target)
{
	struct passing passing = { .length = 0 };
	const struct http_ask question = {
		.method = "GET",
		.target = target->bytes,
		.accept = "application/json",
		.take = pass_on_and_look,
		.taker = &passing,
	};
	struct http_answer answer;
	int status = ask(listing->client, &question, &answer);

	http_answer_fini(&answer);
	passing.head[passing.length] = '\0';
	const char *conns = strstr(passing.head, "\"conns\":[");
	if (conns != NULL)
		conns += strlen("\"conns\":[");
	listing->shown = conns != NULL && conns[strspn(conns, " \n")] != ']';
	return status;
}

/* A member before the list, as the first page has it: whatever that is, what comes of it is JSON. */
static void
join_member(const json_t *page, const char *name)
{
	const json_t *value = json_at(page, name);

	printf("\"%s\":", name);
	if (value == NULL || json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) == -1)
		fputs("null", stdout);
	fputc(',', stdout);
}

/* All pages as one list, of the same shape as one page. */
static void
join_page(struct listing *listing, const json_t *page)
{
	const json_t *record;
	size_t i;

	if (listing->after[0] == '\0') {
		fputc('{', stdout);
		join_member(page, "schema_version");
		join_member(page, "time");
		join_member(page, "cursor");
		fputs("\"conns\":[", stdout);
	}
	json_array_foreach(json_at(page, "conns"), i, record) {
		fputs(listing->shown++ == 0 ? "\n" : ",\n", stdout);
		json_dumpf(record, stdout, JSON_COMPACT);
	}
}

static void
show_page(struct listing *listing, const json_t *page)
{
	struct client *client = listing->client;
	const json_t *record;
	size_t i;

	json_array_foreach(json_at(page, "conns"), i, record) {
		conn_columns_add(listing->columns, record);
		listing->shown++;
	}
	if (listing->shown > 0)
		conn_columns_print(listing->columns, stdout, &client->terminal, !client->options.no_header);
}

/* Another page is there, and wanted. */
static bool
goes_on(struct listing *listing, const json_t *page, size_t before)
{
	const char *next = json_at_text(page, "next");
	size_t got = listing->shown - before;

	if (next == NULL || strlen(next) >= sizeof(listing->after))
		return false;
	if (!listing->client->options.all) {
		if (listing->client->options.limit == 0)
			client_say("there are more: --all shows all, -n N so many");
		return false;
	}
	if (listing->left > 0 && got >= listing->left)
		return false;
	if (listing->left > 0)
		listing->left -= (uint32_t)got;
	strcpy(listing->after, next);
	return true;
}

static int
list_pages(struct listing *listing)
{
	int status, lost = EXIT_FINE;
	bool more = true;

	do {
		struct target target;
		size_t before = listing->shown;
		json_t *page;

		set_target(&target, listing);
		status = ask_json(listing->client, "GET", target.bytes, &page);
		if (status != EXIT_FINE)
			break;
		if (listing->columns != NULL)
			show_page(listing, page);
		else
			join_page(listing, page);
		more = goes_on(listing, page, before);
		if (listing->columns == NULL && !more)
			printf("\n],\"next\":null,\"matched\":null,\"overwritten\":null}\n");
		json_decref(page);
		if (!client_flush(&lost))
			return lost;
	} while (more);
	return status;
}

static int
nothing(const struct client *client)
{
	const struct client_options *options = &client->options;

	if (options->output == OUTPUT_JSON)
		return EXIT_NOTHING;
	if (options->operand[0] == '\0' && options->state == NULL)
		client_say("no connection is open; --state closed shows those that were");
	else if (options->state == NULL)
		client_say("no open connection matches; --state closed, or all, looks at those that were, too");
	else
		client_say("no connection matches");
	return EXIT_NOTHING;
}

/* --count: the number alone, or the whole answer as JSON. */
static int
count(struct listing *listing)
{
	struct client *client = listing->client;
	struct target target;
	json_t *list;
	int status;

	listing->left = 1;
	set_target(&target, listing);
	target_add_number(&target, "count", 1);
	status = ask_json(client, "GET", target.bytes, &list);
	if (status != EXIT_FINE)
		return status;
	json_int_t matched = json_at_number(list, "matched", 0);
	if (client->options.output == OUTPUT_JSON)
		printf("{\"matched\":%lld}\n", (long long)matched);
	else
		printf("%lld\n", (long long)matched);
	json_decref(list);
	return matched > 0 ? EXIT_FINE : EXIT_NOTHING;
}

int
cmd_conns(struct client *client)
{
	const struct client_options *options = &client->options;
	struct listing listing = { .client = client, .left = options->limit };
	struct target target;
	int status;

	if (options->count)
		return count(&listing);
	if (options->output == OUTPUT_JSON && !options->all) {
		set_target(&target, &listing);
		status = pass_on_page(&listing, &target);
		return status == EXIT_FINE && listing.shown == 0 ? EXIT_NOTHING : status;
	}
	if (options->output != OUTPUT_JSON)
		listing.columns = conn_columns_new(options->output, options->fields, false);
	status = list_pages(&listing);
	if (listing.columns != NULL)
		conn_columns_free(listing.columns);
	return status == EXIT_FINE && listing.shown == 0 ? nothing(client) : status;
}
