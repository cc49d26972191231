/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CLOSE_REASON_H
#define TRACK_CLOSE_REASON_H

#include <stdbool.h>
#include "track/leg.h"

enum close_reason {
	WHY_NONE, /* still open */
#define REASON(name, text, initiator, how, sentence, meaning) WHY_##name,
#include "track/close_reason.def"
	WHY_COUNT
};

enum close_initiator { BY_NOBODY, BY_CLIENT, BY_UPSTREAM, BY_PROXY, BY_ADMIN };
enum close_how { HOW_NONE, HOW_FIN, HOW_RST, HOW_TIMEOUT, HOW_ERROR };

/* The words of records; NULL for BY_NOBODY and HOW_NONE. */
const char *close_initiator_text(enum close_initiator initiator);
const char *close_how_text(enum close_how how);

/* What close.reason implies; indexed by enum close_reason. */
struct close_meaning {
	const char *text;
	enum close_initiator initiator;
	enum close_how how;
	const char *sentence; /* with {evidence}, see detail.h */
	const char *meaning;
};
extern const struct close_meaning close_meanings[WHY_COUNT];

/* The side whose doing it is; LEG_NONE: neither's. */
enum leg_name close_subject(enum close_reason why);

/* The initiator that the record shows.  When both sides' ends were first seen
 * in one turn, which came first is unknown: BY_NOBODY (null), not a guess. */
enum close_initiator close_initiator(enum close_reason why, bool same_turn);

#endif
