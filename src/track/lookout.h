/* SPDX-License-Identifier: MIT */
#ifndef TRACK_LOOKOUT_H
#define TRACK_LOOKOUT_H

#include "track/track.h"

/*
 * Looks now and then at what has closed and at what lives, lets the rules judge, and publishes what they find:
 *
 *   history ──► each that closed ──┐
 *                                  ├──► suspicions ──► track->findings
 *   table ────► all that live ─────┘
 *
 * It keeps its own place in the history; workers do not know of it.  One thread's own.
 */
struct lookout;

/* How often to look.  A look takes at most a hundredth of that, or is less frequent by itself. */
enum { LOOKOUT_PERIOD_MS = 1000 };

struct lookout *lookout_new(const struct track *track); /* NULL: no memory.  It begins with what closes from now on */
void lookout_free(struct lookout *lookout);

void lookout_look(struct lookout *lookout);

#endif
