/* SPDX-License-Identifier: MIT */
#ifndef STRESS_PLAY_H
#define STRESS_PLAY_H

#include <jansson.h>
#include "stress/side.h"
#include "track/leg.h"

/* How a connection is meant to end.  `first` is who acts, the client or the upstream, drawn by lot. */
enum ending {
	ENDING_EACH,       /* each finishes once it has sent all */
	ENDING_ANSWERED,   /* the first finishes; the other goes on, and finishes when it has read that end */
	ENDING_RESET,      /* the first resets in the middle */
	ENDING_LAST_WORDS, /* the first resets once its neighbour's kernel has all it sent: that must arrive */
	ENDING_ABANDONED,  /* the first finishes, and resets before it has read all */
	ENDING_UNREAD,     /* the first closes in the middle, whatever it has not read */
	ENDINGS
};

/* One connection, with both its far ends. */
struct play {
	uint64_t number;
	enum ending ending;
	enum leg_name first;
	struct side sides[2]; /* by leg */
	int client_port;
	int proxy_port;      /* from which sockproxy connected to the upstream */
	uint64_t planned;    /* bytes, both ways */
	uint64_t cut;        /* how much the first has sent, or of ABANDONED read, when it breaks off … */
	int64_t cut_at_ns;   /* … or when that is, if it comes earlier */
	int64_t moved_at_ns; /* when bytes last moved */
	bool over;           /* both ends are closed; what follows is its record */
	unsigned char sent[2][STREAM_DIGEST], got[2][STREAM_DIGEST]; /* by side, once over */
	json_t *record;                                              /* NULL: not known yet */
};

const char *ending_text(enum ending ending);

void play_init(struct play *play, uint64_t seed, uint64_t number, uint64_t bytes_most, int epoll);

/* Both its ends are there. */
void play_begin(struct play *play, int client, int upstream, int64_t now_ns);

/* After something happened, and now and then: finishes, resets and closes what is due. */
void play_decide(struct play *play, int64_t now_ns);

/* What both sides did, for whoever reads of a mismatch. */
void play_describe(const struct play *play, char *text, size_t size);

#endif
