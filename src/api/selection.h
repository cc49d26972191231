/* SPDX-License-Identifier: MIT */
#ifndef API_SELECTION_H
#define API_SELECTION_H

#include "api/router.h"
#include "track/filter.h"

/*
 * Which connections a request means: its filter, and the plain parameters
 * beside it, each of which is a little filter of its own, so that a mistake
 * names the parameter that it is in.  All must hold.
 *
 *   client=10.0.0.0/8   client.address in "10.0.0.0/8"
 *   port=443            port == "443"
 */
enum { SELECTION_FILTERS_MAX = 8 };

struct selection {
	bool live, closed;
	int state; /* enum conn_state of the live ones; -1: any */
	int kind;  /* enum record_kind; -1: any */
	int count;
	struct filter *filters[SELECTION_FILTERS_MAX];
};

/* Their rows in a route's table of parameters: those of any connection, and those that only a list has. */
/* clang-format off */
#define SELECTION_PARAMETERS \
	{ "filter", "{\"type\":\"string\"}", "only those for which this holds, as client.address in 10.0.0.0/8 and idle > 5m" }, \
	{ "client", "{\"type\":\"string\"}", "only those whose client has this address, or one in this network" }, \
	{ "target", "{\"type\":\"string\"}", "only those whose target has this address, or one in this network" }, \
	{ "port", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535}", "only those with this port at any of their four ends" }, \
	{ "listener", "{\"type\":\"string\"}", "only those that came in there, as -l names it" }, \
	{ "upstream", "{\"type\":\"string\"}", "only those that are sent there, as -u names it" }
#define SELECTION_LIST_PARAMETERS \
	{ "state", "{\"type\":\"string\"}", "active (all but closed), closed, all, or the name of a state" }, \
	{ "kind", "{\"enum\":[\"proxy\",\"probe\",\"rejected\"]}", "only those of this kind" }, \
	{ "reason", "{\"type\":\"string\"}", "only those that ended for this reason" }, \
	{ "initiator", "{\"enum\":[\"client\",\"upstream\",\"proxy\",\"admin\"]}", "only those that this side ended" }
/* clang-format on */

/* What of these the query has.  False: `reply` says what is wrong.  To be finished in any case. */
bool selection_take(struct selection *selection, const struct request *request, struct reply *reply);
void selection_fini(struct selection *selection);

/* Whether it means the record that is read. */
bool selection_matches(const struct selection *selection, struct reading *reading);

#endif
