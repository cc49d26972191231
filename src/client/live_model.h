/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_MODEL_H
#define CLIENT_LIVE_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What `sockproxy top` knows of a daemon: what it answered last, and what comes of comparing that with earlier answers.
 * It asks nobody and draws nothing.
 *
 * Speeds are by the daemon's own clocks, uptime_us and duration_us, so that it does not matter how long an answer was
 * under way.  What two answers of different starts of the daemon say is never compared.
 */
enum { LIVE_GLANCES_MAX = 64, LIVE_MINUTE_S = 60 };

enum live_way { LIVE_UP, LIVE_DOWN, LIVE_WAYS }; /* client to upstream, and back */

struct live_row {
	json_t *record;          /* as /conns has it */
	int64_t rate[LIVE_WAYS]; /* bytes in a second; -1: unknown */
};

struct live_model {
	json_t *version; /* of /version; NULL: not asked yet, as are … */
	json_t *glances
	    [LIVE_GLANCES_MAX]; /* … these of /stats, the oldest first, a second apart or more; the last is the newest */
	int glance_count;
	json_t *before; /* of /stats, before the newest; NULL: there is none */
	struct live_row *rows;
	size_t row_count;
	int64_t matched;     /* how many there are in all; -1: unknown */
	int64_t overwritten; /* closed ones that were forgotten while they were listed */
	json_t *past;        /* id -> the record of the list before; NULL: none */
};

void live_model_init(struct live_model *model);
void live_model_fini(struct live_model *model);

/* Each takes the document over, also where it says no. */
void live_model_take_version(struct live_model *model, json_t *version);
/* False: it is no answer of /stats.  *anew: of another start of the daemon than the last one. */
bool live_model_take_stats(struct live_model *model, json_t *stats, bool *anew);
/* False: it is no answer of /conns. */
bool live_model_take_conns(struct live_model *model, json_t *conns);

/* The rows are of another question from now on: nothing in them is to be compared. */
void live_model_forget_rows(struct live_model *model);

/* The newest of /stats; NULL: there was none. */
const json_t *live_model_stats(const struct live_model *model);

/* How much a counter of /stats grew in a second, between the last two; less than 0: unknown. */
double live_model_rate(const struct live_model *model, const char *counter);

/* Reasons for which connections ended within the last minute, the most frequent first.  *over_us: in how long; 0:
 * unknown yet.  The texts are the model's, until the next /stats. */
struct live_end {
	const char *reason;
	int64_t count;
};
int live_model_ends(const struct live_model *model, struct live_end *ends, int most, int64_t *over_us);

/* The order of a speed, which the daemon and we measure at other times: what is shown is in order. */
void live_model_sort_by_rate(struct live_model *model, enum live_way way, bool descending);

/* -1: there is no such row. */
int64_t live_model_find(const struct live_model *model, const char *id);

#endif
