/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cell {
	_Atomic size_t turn; /* the ticket that may use it next */
	char message[];
};

struct queue {
	size_t mask, size, stride;
	_Atomic size_t tail; /* the next ticket of a writer */
	size_t head;         /* the reader's */
	char *cells;
};

static struct cell *
cell_at(const struct queue *queue, size_t ticket)
{
	return (struct cell *)(queue->cells + (ticket & queue->mask) * queue->stride);
}

struct queue *
queue_new(size_t count, size_t size)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	size_t cells = 2;

	while (cells < count)
		cells *= 2;
	if (queue == NULL)
		return NULL;
	queue->mask = cells - 1;
	queue->size = size;
	queue->stride = (sizeof(struct cell) + size + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t);
	queue->cells = calloc(cells, queue->stride);
	if (queue->cells == NULL) {
		free(queue);
		return NULL;
	}
	for (size_t i = 0; i < cells; i++)
		atomic_store_explicit(&cell_at(queue, i)->turn, i, memory_order_relaxed);
	return queue;
}

void
queue_free(struct queue *queue)
{
	if (queue == NULL)
		return;
	free(queue->cells);
	free(queue);
}

bool
queue_post(struct queue *queue, const void *message)
{
	size_t ticket = atomic_load_explicit(&queue->tail, memory_order_relaxed);
	struct cell *cell;

	for (;;) {
		cell = cell_at(queue, ticket);
		size_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
		intptr_t ahead = (intptr_t)(turn - ticket);

		if (ahead < 0)
			return false; /* a lap behind: the reader has not been here yet */
		if (ahead > 0)
			ticket = atomic_load_explicit(&queue->tail, memory_order_relaxed);
		else if (atomic_compare_exchange_weak_explicit(
			     &queue->tail, &ticket, ticket + 1, memory_order_relaxed, memory_order_relaxed))
			break;
	}
	memcpy(cell->message, message, queue->size);
	atomic_store_explicit(&cell->turn, ticket + 1, memory_order_release);
	return true;
}

bool
queue_take(struct queue *queue, void *message)
{
	struct cell *cell = cell_at(queue, queue->head);

	if (atomic_load_explicit(&cell->turn, memory_order_acquire) != queue->head + 1)
		return false;
	memcpy(message, cell->message, queue->size);
	atomic_store_explicit(&cell->turn, queue->head + queue->mask + 1, memory_order_release);
	queue->head++;
	return true;
}
