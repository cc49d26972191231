/* SPDX-License-Identifier: MIT */
#include "api/kill_request.h"

#include <string.h>
#include "base/utf8.h"

static bool
take_how(struct admin_order *order, const char *how, struct reply *reply)
{
	order->how = HOW_RST;
	if (how == NULL || strcmp(how, "rst") == 0)
		return true;
	order->how = HOW_FIN;
	if (strcmp(how, "fin") == 0)
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "how", "Expected rst or fin.");
	return false;
}

static bool
take_dry_run(bool *dry_run, const char *value, struct reply *reply)
{
	uint64_t number = 0;

	if (value != NULL && !query_number(value, 0, 1, &number)) {
		reply_problem(reply, PROBLEM_BAD_VALUE, "dry_run", "Expected 0 or 1.");
		return false;
	}
	*dry_run = number == 1;
	return true;
}

/* The blanks behind it are no part of a header's value. */
static bool
take_words(struct admin_order *order, const char *words, struct reply *reply)
{
	size_t length;

	if (words == NULL)
		words = "";
	for (length = strlen(words); length > 0 && strchr(" \t", words[length - 1]) != NULL; length--)
		continue;
	if (length > ORDER_WORDS_MAX) {
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL,
		    "The X-Reason header has %zu bytes; at most %d are kept.", length, ORDER_WORDS_MAX);
		return false;
	}
	if (!utf8_is_valid(words, length)) {
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "The X-Reason header is no UTF-8 text.");
		return false;
	}
	memcpy(order->words, words, length);
	return true;
}

bool
kill_request_take(struct kill_request *kill, const struct request *request, struct reply *reply)
{
	*kill = (struct kill_request){ .order.kind = ORDER_KILL };
	return take_how(&kill->order, query_value(&request->query, "how"), reply) &&
	       take_dry_run(&kill->dry_run, query_value(&request->query, "dry_run"), reply) &&
	       take_words(&kill->order, request->reason, reply);
}
