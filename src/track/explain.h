/* SPDX-License-Identifier: MIT */
#ifndef TRACK_EXPLAIN_H
#define TRACK_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include "track/record.h"
#include "track/track.h"

/*
 * The story of one connection in plain words, for whoever asks: what the record
 * knows, and then what an engineer on call would think of it.
 *
 * The rules stand in explain_rules.def.  A fact is what the record knows and
 * nothing else; what it often means is a hint, and is marked as one.
 */
enum rule_kind { RULE_FACT, RULE_HINT };

struct rule {
	const char *name;
	enum rule_kind kind;
	const char *condition; /* a filter; X: of each leg */
	const char *sentence;
};

enum {
#define RULE(name, kind, condition, sentence) EXPLAIN_##name,
#include "track/explain_rules.def"
	EXPLAIN_RULES
};
extern const struct rule explain_rules[EXPLAIN_RULES];

const char *rule_kind_text(enum rule_kind kind); /* "fact", "hint" */

/* The record must not change meanwhile. */
struct explanation {
	const struct track *track;
	const struct record *record;
	int64_t now_ns; /* clock_now */

	int next;       /* of the rules, each asked of both legs; begin with 0 */
	bool no_memory; /* it ended too early */
};

enum { SENTENCE_MAX = 2048 };
struct explained {
	const struct rule *rule;
	enum leg_name leg; /* LEG_NONE: of no leg alone */
	char text[SENTENCE_MAX];
};

/* The next sentence; false: that was all. */
bool explain_next(struct explanation *explanation, struct explained *sentence);

#endif
