/* SPDX-License-Identifier: MIT */
#ifndef UNIT_EXPLAIN_SCENE_H
#define UNIT_EXPLAIN_SCENE_H

#include "base/clock.h"
#include "track/explain.h"

/*
 * For each rule of track/explain_rules.def a case of its name, or the test does not
 * link.  It makes of the established connection that it finds one for which the rule
 * speaks, or one that is nearly so and for which it does not, and returns what the rule
 * has to say, X and Y standing for the legs.
 */
#define RULE(name, kind, condition, sentence) const char *case_##name(bool speaks);
#include "track/explain_rules.def"

#define US_PER_S INT64_C(1000000)

extern struct settings settings;
extern struct track track;
extern struct record record;
extern int64_t now;
extern enum leg_name X, Y; /* of a rule that is asked of each leg */

/* For tcase_add_checked_fixture. */
void explain_setup(void);
void explain_teardown(void);

/* What a record may tell. */
struct record_leg *leg_x(void);
struct record_leg *leg_y(void);
void make_unix(enum leg_name leg);
void not_connected(void);
void said(enum leg_name leg, uint64_t bytes);
void answered(int times, int64_t after_us);
void ends_after(enum close_reason why, int64_t idle_us);
void ends(enum close_reason why);
enum close_reason of_x(enum close_reason client, enum close_reason upstream);
void idle_for(int64_t us);
void add_note(struct note note);
void add_failure(const char *address, int error);
void loses(enum leg_name leg, uint32_t segments);

#endif
