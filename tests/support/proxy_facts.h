/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_PROXY_FACTS_H
#define SUPPORT_PROXY_FACTS_H

#include <jansson.h>
#include "support/proxy_process.h"

/* What the daemon says of itself by HTTP.  Documents are kept until the test ends: nobody frees them. */

/* GET `target`; asserts 200 and JSON. */
json_t *http_get_json(const struct proxy *proxy, const char *target);

/* Another method, with further headers (each with its CR LF): the status; *document unless NULL gets the body. */
int
http_order(const struct proxy *proxy, const char *method, const char *target, const char *headers, json_t **document);

/* What is at "conns.0.legs.client.bytes_received"; asserts that the path exists. */
json_t *path(const json_t *json, const char *path);
const char *path_text(const json_t *json, const char *path); /* NULL for null */
json_int_t path_number(const json_t *json, const char *path);

/* Numbers straight from /stats, and how many records /conns lists. */
json_int_t proxy_stat(const struct proxy *proxy, const char *path);
int proxy_active_count(const struct proxy *proxy);
int proxy_history_count(const struct proxy *proxy);

/* All that came in so far are connected through, or closed. */
bool proxy_is_settled(const struct proxy *proxy);

/* Waits until that many have closed, and gives the record of the latest, in full. */
json_t *proxy_closed(const struct proxy *proxy, int count);

/* Waits until one is live in this state, and gives its record, in full. */
json_t *proxy_live(const struct proxy *proxy, const char *state);

/* Does a record in full tell of this event on this leg? */
bool told_of(const json_t *record, const char *event, const char *leg);

#endif
