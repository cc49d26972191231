/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue that any thread may post to and one thread reads, without a
 * lock: a post that finds it full fails at once.
 *
 * Each cell carries the turn it waits for, so that a writer owns the cell
 * between taking its ticket and announcing the content (D. Vyukov, "Bounded
 * MPMC queue").
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/* `count` cells (rounded up to a power of two) of `size` bytes.  NULL: no memory. */
struct queue *queue_new(size_t count, size_t size);
void queue_free(struct queue *queue);

/* Any thread.  False: full. */
bool queue_post(struct queue *queue, const void *message);

/* The reader only.  False: empty. */
bool queue_take(struct queue *queue, void *message);

#endif
