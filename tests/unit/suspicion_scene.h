/* SPDX-License-Identifier: MIT */
#ifndef UNIT_SUSPICION_SCENE_H
#define UNIT_SUSPICION_SCENE_H

#include "base/clock.h"
#include "track/finding_text.h"
#include "track/suspicions.h"

/*
 * Days as a test wants them: connections that never were, at a time of its own.
 *
 *   PG    one target, 10.0.0.1:5432, by one listener
 *   WEB   three targets, 10.0.1.1:80 to 10.0.1.3:80, by two listeners
 */
enum { PG, WEB, WEB_AGAIN };

extern struct scene {
	struct settings settings;
	struct suspicions *suspicions;
	struct moment moment;
	struct port_limits limits;
	struct findings_list found; /* by the last judge */
} scene;

void scene_setup(void);
void scene_teardown(void);

void scene_wait(int64_t seconds);

/* A connection that closes now, was established at once with the first target, and is of a client of its own. */
struct record scene_closed(int upstream, enum close_reason why);
/* … after so long a silence. */
struct record scene_closed_idle(int upstream, enum close_reason why, int64_t idle_us);
/* One that lives, and began so many seconds ago. */
struct record scene_live(int upstream, enum conn_state state, int64_t seconds);

/* Another target was chosen, and answered the connect so: 0, it was connected. */
void scene_choose(struct record *record, int target, int error);

/* The rules see it, with the attempts that stand in it: `first` before the one that it tells of; NULL: none. */
void scene_take(const struct record *record);
void scene_take_behind(const struct story_attempt *first, const struct record *record);
void scene_take_live(const struct record *record);
void scene_take_live_behind(const struct story_attempt *first, const struct record *record);

/* So many tried that target first, and have closed: 0, they were connected. */
void scene_connects(int upstream, int target, int count, int error);

/* What is found now; the only one, and its title. */
uint64_t scene_judge(void);
const struct finding *scene_only(enum finding_kind kind);
const char *scene_title(void);
const char *scene_advice(void);

#endif
