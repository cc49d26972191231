/* SPDX-License-Identifier: MIT */
#ifndef TRACK_HISTORY_H
#define TRACK_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include "track/notes.h"
#include "track/record.h"
#include "track/ring.h"

/* The latest closed connections, a ring for each worker. */
struct history;

/* `notes` of the records that are overwritten are given back.  NULL: no memory. */
struct history *history_new(int workers, uint32_t capacity, struct notes *notes);
void history_free(struct history *history);

/* The owning worker only.  Returns its number in that worker's ring. */
uint64_t history_append(struct history *history, const union record_words *closed);

/* Any thread. */
uint64_t history_head(const struct history *history, int worker);
uint64_t history_oldest(const struct history *history, int worker);
enum ring_answer history_read(const struct history *history, int worker, uint64_t number, union record_words *copy);

/* By id, newest first.  False: not kept, or not any more. */
bool history_find(const struct history *history, uint64_t id, union record_words *copy);

#endif
