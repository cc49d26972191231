/* SPDX-License-Identifier: MIT */
#ifndef TRACK_HISTORY_H
#define TRACK_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include "config/settings.h"
#include "track/notes.h"
#include "track/record.h"
#include "track/ring.h"

/*
 * The latest closed connections.
 *
 * Each worker has two rings, so that a port scan does not evict what people
 * ask for: one for those of KIND_PROXY, and a small one for all other kinds.
 *
 *    ring 0   worker 0, KIND_PROXY       capacity: --history
 *    ring 1   worker 0, the other kinds  capacity: HISTORY_PROBES
 *    ring 2   worker 1, KIND_PROXY
 *    …
 */
struct history;

enum { HISTORY_PROBES = 1024, HISTORY_RINGS_MAX = 2 * WORKERS_MAX };

/* `notes` of the records that are overwritten are given back.  NULL: no memory. */
struct history *history_new(int workers, uint32_t capacity, struct notes *notes);
void history_free(struct history *history);

/* How many rings there are; in which one a record stands; whether such records stand in that one. */
int history_rings(const struct history *history);
int history_ring(int worker, enum record_kind kind);
bool history_holds(int ring, enum record_kind kind);

/* The owning worker only.  Returns its number in its ring. */
uint64_t history_append(struct history *history, const union record_words *closed);

/* Any thread. */
uint64_t history_head(const struct history *history, int ring);
uint64_t history_oldest(const struct history *history, int ring);
enum ring_answer history_read(const struct history *history, int ring, uint64_t number, union record_words *copy);

/* By id.  False: not kept, or not any more. */
bool history_find(const struct history *history, uint64_t id, union record_words *copy);

#endif
