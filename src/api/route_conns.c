/* SPDX-License-Identifier: MIT */
/* GET /conns: what is asked for. */
#include <string.h>
#include "api/conns_list.h"
#include "api/router.h"

enum { LIMIT_DEFAULT = 500, LIMIT_MAX = 10000 };

const struct parameter route_conns_parameters[] = {
	SELECTION_LIST_PARAMETERS,
	SELECTION_PARAMETERS,
	{ "sort", "{\"type\":\"string\"}", "by this field, the least first; with - before it the greatest" },
	{ "limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000}", "no more than so many; 500 if not said" },
	{ "after", "{\"type\":\"string\"}", "goes on where another list ended: its next" },
	{ "count", "{\"enum\":[0,1]}", "1: matched says how many there are in all" },
	SHAPE_FIELDS_PARAMETERS,
	SHAPE_FORMAT_PARAMETERS,
	{ 0 },
};

static bool
take_number(
    const struct request *request, const char *name, uint64_t low, uint64_t high, uint64_t *number, struct reply *reply)
{
	const char *value = query_value(&request->query, name);

	if (value == NULL || query_number(value, low, high, number))
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, name, "Expected a number from %llu to %llu.", (unsigned long long)low,
	    (unsigned long long)high);
	return false;
}

static bool
take_numbers(struct list_order *order, const struct request *request, struct reply *reply)
{
	uint64_t limit = LIMIT_DEFAULT, count = 0;

	if (!take_number(request, "limit", 1, LIMIT_MAX, &limit, reply) ||
	    !take_number(request, "count", 0, 1, &count, reply))
		return false;
	order->limit = (uint32_t)limit;
	order->count = count == 1;
	return true;
}

static bool
refuse_sort(struct reply *reply, const char *name)
{
	char room[FIELD_NAME_MAX];
	const char *meant = field_name_nearest(name, room);

	reply_problem(reply, PROBLEM_BAD_VALUE, "sort", "No field is called \"%.80s\"%s%s%s", name,
	    meant == NULL ? "; /schema lists all." : "; did you mean ", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "?");
	return false;
}

static bool
take_sort(struct list_order *order, const char *value, struct reply *reply)
{
	order->sorts = value != NULL;
	if (value == NULL)
		return true;
	order->by.descending = *value == '-';
	value += order->by.descending;
	order->by.by = field_name_find(value);
	if (order->by.by.count == 0)
		return refuse_sort(reply, value);
	enum field_type type = field_meanings[order->by.by.fields[0]].type;
	if (type != TYPE_ATTEMPTS && type != TYPE_EVENTS)
		return true;
	reply_problem(reply, PROBLEM_BAD_VALUE, "sort", "%s is a list, which has no order.", value);
	return false;
}

static bool
take_after(struct list_order *order, const char *value, const struct track *track, struct reply *reply)
{
	order->continues = value != NULL;
	if (value == NULL)
		return true;
	if (order->sorts) {
		reply_problem(reply, PROBLEM_BAD_VALUE, "after",
		    "A sorted list has no pages: another one begins anew. Ask for more by limit.");
		return false;
	}
	if (!cursor_parse(&order->after, value)) {
		reply_problem(reply, PROBLEM_BAD_VALUE, "after", "Expected what `next` said in an answer.");
		return false;
	}
	if (order->after.boot != track->boot) {
		reply_problem(
		    reply, PROBLEM_CURSOR_GONE, "after", "It is from another start of the process; list anew.");
		return false;
	}
	return true;
}

static bool
take_order(struct list_order *order, const struct request *request, struct reply *reply)
{
	const struct query *query = &request->query;

	return selection_take(&order->selection, request, reply) && take_numbers(order, request, reply) &&
	       take_sort(order, query_value(query, "sort"), reply) &&
	       take_after(order, query_value(query, "after"), request->track, reply) &&
	       shape_take(&order->shape, request, reply);
}

void
route_conns(const struct request *request, struct reply *reply)
{
	struct conns_list *list = conns_list_new(request->track);

	if (list == NULL)
		reply_problem(reply, PROBLEM_NO_MEMORY, NULL, "Try again.");
	else if (take_order(conns_list_order(list), request, reply))
		conns_list_begin(list, reply);
	else
		conns_list_free(list);
}
