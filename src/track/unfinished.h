/* SPDX-License-Identifier: MIT */
#ifndef TRACK_UNFINISHED_H
#define TRACK_UNFINISHED_H

#include "track/sighting.h"

/*
 * A side that does not finish after the other has: connections are ended by --half-close-timeout, or wait for that.
 * Each holds two sockets meanwhile.  It is told once that happens to ten, and surely to one in ten.
 */
struct unfinished;

enum { UNFINISHED_LEAST = 10 };
#define UNFINISHED_WINDOW_NS (INT64_C(3600) * 1000000000)

struct unfinished *unfinished_new(const struct settings *settings); /* NULL: no memory */
void unfinished_free(struct unfinished *unfinished);

/* A connection that has closed. */
void unfinished_take(struct unfinished *unfinished, const struct sighting *sighting);

/* All that live, anew: begin, and then each. */
void unfinished_begin_live(struct unfinished *unfinished);
void unfinished_take_live(struct unfinished *unfinished, const struct sighting *sighting, int64_t now_ns);

void unfinished_judge(const struct unfinished *unfinished, const struct moment *moment, struct findings_list *list);

#endif
