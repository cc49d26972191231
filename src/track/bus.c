/* SPDX-License-Identifier: MIT */
#include "track/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bus {
	int workers, wake_fd;
	atomic_bool waiting;
	struct ring *rings[];
};

union event_words {
	struct event event;
	uint64_t words[EVENT_WORDS];
};

struct bus *
bus_new(int workers, uint32_t capacity)
{
	struct bus *bus = calloc(1, sizeof(*bus) + (size_t)workers * sizeof(bus->rings[0]));

	if (bus == NULL)
		return NULL;
	bus->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool complete = bus->wake_fd != -1;
	for (bus->workers = 0; complete && bus->workers < workers; bus->workers++) {
		bus->rings[bus->workers] = ring_new(capacity, EVENT_WORDS);
		complete = bus->rings[bus->workers] != NULL;
	}
	if (!complete) {
		bus_free(bus);
		return NULL;
	}
	return bus;
}

void
bus_free(struct bus *bus)
{
	if (bus == NULL)
		return;
	for (int i = 0; i < bus->workers; i++)
		ring_free(bus->rings[i]);
	if (bus->wake_fd != -1)
		close(bus->wake_fd);
	free(bus);
}

void
bus_publish(struct bus *bus, int worker, const struct event *event)
{
	union event_words words = { .event = *event };

	ring_append(bus->rings[worker], words.words);
	/* The waiter sets its flag and then looks once more; one of the two sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&bus->waiting, memory_order_relaxed))
		bus_wake(bus);
}

uint64_t
bus_head(const struct bus *bus, int worker)
{
	return ring_head(bus->rings[worker]);
}

uint64_t
bus_oldest(const struct bus *bus, int worker)
{
	return ring_oldest(bus->rings[worker]);
}

enum ring_answer
bus_read(const struct bus *bus, int worker, uint64_t number, struct event *event)
{
	union event_words words;
	enum ring_answer answer = ring_read(bus->rings[worker], number, words.words);

	if (answer == RING_READ)
		*event = words.event;
	return answer;
}

static bool
is_end(const struct event *event)
{
	return event->type == EVENT_CLOSE || event->type == EVENT_DENIED;
}

bool
bus_find_end(const struct bus *bus, int worker, uint64_t number, uint64_t id, struct event *event, uint32_t *looks)
{
	const struct ring *ring = bus->rings[worker];
	uint64_t head = ring_head(ring);

	for (*looks = 0; number < head; number++, (*looks)++) {
		/* At a glance first; what is torn or too old was another's. */
		if (ring_word(ring, number, EVENT_ID_WORD) == id && bus_read(bus, worker, number, event) == RING_READ &&
		    event->id == id && is_end(event))
			return true;
	}
	return false;
}

int
bus_follow(struct bus *bus, struct bus_cursor *cursor)
{
	*cursor = (struct bus_cursor){ .bus = bus, .places = calloc((size_t)bus->workers, sizeof(uint64_t)) };
	if (cursor->places == NULL)
		return -ENOMEM;
	for (int i = 0; i < bus->workers; i++)
		cursor->places[i] = ring_head(bus->rings[i]);
	return 0;
}

void
bus_unfollow(struct bus_cursor *cursor)
{
	free(cursor->places);
	cursor->places = NULL;
}

static bool
next_of(struct bus_cursor *cursor, int worker, struct event *event)
{
	const struct ring *ring = cursor->bus->rings[worker];
	uint64_t *place = &cursor->places[worker];
	union event_words words;

	for (;;) {
		enum ring_answer answer = ring_read(ring, *place, words.words);

		if (answer == RING_NOT_YET)
			return false;
		if (answer == RING_READ) {
			(*place)++;
			*event = words.event;
			return true;
		}
		uint64_t oldest = ring_oldest(ring);
		uint64_t resume = oldest > *place ? oldest : *place + 1;
		cursor->missed += resume - *place;
		*place = resume;
	}
}

bool
bus_next(struct bus_cursor *cursor, struct event *event)
{
	for (int tries = 0; tries < cursor->bus->workers; tries++) {
		int worker = cursor->next;

		cursor->next = (cursor->next + 1) % cursor->bus->workers;
		if (next_of(cursor, worker, event))
			return true;
	}
	return false;
}

/* Compared with the follower's place, not with what was there a moment ago: an
 * event between its last bus_next and now has rung no bell. */
static bool
has_news(const struct bus_cursor *cursor)
{
	for (int i = 0; i < cursor->bus->workers; i++)
		if (ring_head(cursor->bus->rings[i]) != cursor->places[i])
			return true;
	return false;
}

void
bus_pause(struct bus *bus, int timeout_ms)
{
	struct pollfd wake = { .fd = bus->wake_fd, .events = POLLIN };
	uint64_t count;

	/* Nothing to read: it was the timeout. */
	if (poll(&wake, 1, timeout_ms) > 0 && read(bus->wake_fd, &count, sizeof(count)) == -1)
		return;
}

void
bus_wait(struct bus_cursor *cursor, int timeout_ms)
{
	struct bus *bus = cursor->bus;

	atomic_store_explicit(&bus->waiting, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	bus_pause(bus, has_news(cursor) ? 0 : timeout_ms);
	atomic_store_explicit(&bus->waiting, false, memory_order_relaxed);
}

void
bus_wake(struct bus *bus)
{
	uint64_t one = 1;

	atomic_store_explicit(&bus->waiting, false, memory_order_relaxed);
	/* EAGAIN: it is full of wake-ups already. */
	if (write(bus->wake_fd, &one, sizeof(one)) == -1)
		return;
}
