/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_TAKE_H
#define CLIENT_LIVE_TAKE_H

#include "client/live.h"

/* What an answer changes of what people see.  Documents stay the caller's.  False: it is no answer of a sockproxy. */
bool live_take_version(struct live *live, json_t *version);
bool live_take_stats(struct live *live, json_t *stats);
bool live_take_conns(struct live *live, json_t *conns);
bool live_take_record(struct live *live, json_t *record);
void live_take_story(struct live *live, const char *story);
void live_take_order(struct live *live, const json_t *answer);

/* The filter that is typed is wrong, and where. */
void live_take_fault(struct live *live, const json_t *problem, const char *why);

#endif
