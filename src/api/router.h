/* SPDX-License-Identifier: MIT */
#ifndef API_ROUTER_H
#define API_ROUTER_H

#include <stdatomic.h>
#include "api/query.h"
#include "api/reply.h"
#include "track/track.h"

struct followers;

/* A request that found its route. */
struct request {
	struct followers *followers;
	const struct track *track;
	const _Atomic int *readiness; /* enum readiness */
	const char *http_library;     /* its version */
	const char *accept;           /* the Accept header; NULL: none, as of all headers */
	const char *last_event_id;    /* Last-Event-ID */
	const char *body;             /* JSON, as far as its type says so; NULL: none */
	size_t body_length;
	const char *reason; /* X-Reason: why an admin asks */
	const char *name;   /* what the path has in the place of ID or NAME; NULL: it has none */
	struct query query; /* parameters that the route knows, each once */
};

/* What a route may be told behind the '?'.  The last of a list has no name. */
struct parameter {
	const char *name;
	const char *schema; /* JSON Schema of its value */
	const char *meaning;
};

typedef void answer_fn(const struct request *request, struct reply *reply);

/* One line for each path, and one more for each way to change something by it; router.c has the table,
 * `/` shows it. */
struct route {
	const char *path;    /* words in capitals, "/conns/ID", stand for any one word */
	const char *methods; /* as an Allow header says it */
	answer_fn *answer;
	const struct parameter *parameters;
	const char *help;
};
extern const struct route routes[];
extern const int route_count;

/* clang-format off */
answer_fn
	route_asset,
	route_config,
	route_conn,
	route_conns,
	route_drain,
	route_drain_begin,
	route_drain_end,
	route_explain,
	route_events,
	route_findings,
	route_index,
	route_kill,
	route_kill_many,
	route_listener_patch,
	route_listeners,
	route_livez,
	route_metrics,
	route_openapi,
	route_readyz,
	route_schema,
	route_stats,
	route_upstreams,
	route_version;

extern const struct parameter
	route_conns_parameters[],
	route_drain_parameters[],
	route_explain_parameters[],
	route_kill_many_parameters[],
	route_events_parameters[],
	route_kill_parameters[],
	route_schema_parameters[];
/* clang-format on */

/* The longest body that a request by this method may have; 0: it may have none. */
size_t router_body_max(const char *method);

/* Answers `target`, what stands in the request line, which it takes apart in place. */
void router_answer(struct request *request, const char *method, char *target, struct reply *reply);

#endif
