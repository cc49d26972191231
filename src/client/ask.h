/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#include <jansson.h>
#include "client/client.h"
#include "track/filter.h"

/* One question to the daemon.  Whatever else than an answer comes of it is said on standard error, with what to do
 * about it, and is an exit status. */

/* ASK_FILTER_MAX: longer than any filter may be, which the daemon judges. */
enum { TARGET_MAX = 32768, ID_MAX = 32, ASK_FILTER_MAX = 2 * FILTER_TEXT_MAX };

/* "/conns", then "?name=value", "&name=value"; a value of NULL is left out. */
struct target {
	struct text text;
	bool has_query;
	char bytes[TARGET_MAX];
};
void target_init(struct target *target, const char *path);
void target_add_word(struct target *target, const char *word); /* "/conns" -> "/conns/ID" */
void target_add(struct target *target, const char *name, const char *value);
void target_add_number(struct target *target, const char *name, uint64_t number);

/* EXIT_FINE: the answer is a 2xx, whole.  It is to be forgotten in any case. */
int ask(struct client *client, const struct http_ask *ask, struct http_answer *answer);

/* EXIT_FINE: *document is to be given back by json_decref. */
int ask_json(struct client *client, const char *method, const char *target, json_t **document);

/* What is said of an answer that is none, or no 2xx; and the exit status. */
int ask_complain(const struct client *client, enum http_result result, const struct http_answer *answer);

/* The same as one line, for who says it elsewhere; a filter's mistake is not pointed at. */
void ask_describe(struct text *text, enum http_result result, const struct http_answer *answer);

/* Is this word an id, and not a filter? */
bool ask_is_id(const char *word);

/* "(FILTER) and id in (…)" of these records, if that is not too long for a filter; else it stays as it was. */
void ask_only_these(char filter[ASK_FILTER_MAX], const json_t *conns);

/* The id that the operand names, or the one connection that matches it as a filter, live or closed.  Of several
 * the first are shown. */
int ask_one(struct client *client, char id[ID_MAX + 1]);

#endif
