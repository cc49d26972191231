/* SPDX-License-Identifier: MIT */
#include "track/changes.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "track/track.h"

/* One thing, and how it stood at the last look. */
struct thing {
	struct change change; /* place 0: it has not changed */
	uint64_t digest;
};

struct changes {
	const struct track *track;
	pthread_mutex_t mutex;
	uint64_t last; /* place */
	int count;
	struct thing things[];
};

/* FNV-1a, of the few words that tell how a thing stands. */
static uint64_t
digest(uint64_t so_far, uint64_t word)
{
	return (so_far ^ word) * UINT64_C(0x100000001b3);
}

static uint64_t
look_at_listener(const struct track *track, int number, int64_t *at_us)
{
	struct listener_facts facts;

	listeners_read(track->listeners, number, &facts);
	uint64_t so_far = digest(0, (uint64_t)facts.state);
	for (int step = 0; step < LISTENER_STEPS; step++) {
		so_far = digest(so_far, facts.steps[step].times);
		if (facts.steps[step].at_us > *at_us)
			*at_us = facts.steps[step].at_us;
	}
	for (int cause = 0; cause < PAUSE_CAUSES; cause++)
		so_far = digest(so_far, facts.paused_by[cause]);
	return so_far;
}

/* When the last connection of a drain is gone nobody says so; then it is when we see it. */
static uint64_t
look_at_draining(const struct track *track, int64_t *at_us)
{
	struct draining_facts facts;

	draining_read(track->draining, &facts);
	bool drained = facts.state == DRAINING_ON_ORDER && table_places_taken(track->table) == 0;
	*at_us = drained ? clock_wall_us() : facts.changed_us;
	return digest(digest(digest(0, (uint64_t)facts.state), (uint64_t)facts.changed_us), drained);
}

static uint64_t
look_at_target(const struct track *track, int upstream, int target, int64_t *at_us)
{
	struct target_facts facts;

	target_read(targets_life(track->targets, upstream, target), &facts);
	*at_us = facts.at_us;
	return digest(0, facts.changes);
}

static void
look_at(struct changes *changes, struct thing *thing)
{
	struct change *change = &thing->change;
	const struct track *track = changes->track;
	int64_t at_us = 0;
	uint64_t now = 0;

	switch (change->kind) {
	case CHANGE_LISTENER:
		now = look_at_listener(track, change->number, &at_us);
		break;
	case CHANGE_DRAINING:
		now = look_at_draining(track, &at_us);
		break;
	case CHANGE_TARGET:
		now = look_at_target(track, change->number, change->target, &at_us);
		break;
	}
	if (now == thing->digest)
		return;
	thing->digest = now;
	change->place = ++changes->last;
	change->at_us = at_us;
}

static struct thing *
add(struct changes *changes, enum change_kind kind)
{
	struct thing *thing = &changes->things[changes->count++];

	thing->change.kind = kind;
	return thing;
}

/* How everything stands at the start is no change. */
static void
add_all(struct changes *changes)
{
	const struct settings *settings = changes->track->settings;

	add(changes, CHANGE_DRAINING);
	for (int i = 0; i < settings->pair_count; i++) {
		add(changes, CHANGE_LISTENER)->change.number = i;
		for (int target = 0; target < settings->upstreams[i].target_count; target++) {
			if (targets_life(changes->track->targets, i, target) == NULL)
				continue;
			struct thing *thing = add(changes, CHANGE_TARGET);
			thing->change.number = i;
			thing->change.target = target;
		}
	}
	changes_look(changes);
	for (int i = 0; i < changes->count; i++)
		changes->things[i].change.place = 0;
	changes->last = 0;
}

struct changes *
changes_new(const struct track *track)
{
	size_t most = 1 + (size_t)track->settings->pair_count * (1 + TARGETS_MAX);
	struct changes *changes = calloc(1, sizeof(*changes) + most * sizeof(changes->things[0]));

	if (changes == NULL)
		return NULL;
	changes->track = track;
	pthread_mutex_init(&changes->mutex, NULL);
	add_all(changes);
	return changes;
}

void
changes_free(struct changes *changes)
{
	if (changes == NULL)
		return;
	pthread_mutex_destroy(&changes->mutex);
	free(changes);
}

uint64_t
changes_look(struct changes *changes)
{
	pthread_mutex_lock(&changes->mutex);
	for (int i = 0; i < changes->count; i++)
		look_at(changes, &changes->things[i]);
	uint64_t place = changes->last;
	pthread_mutex_unlock(&changes->mutex);
	return place;
}

bool
changes_next(struct changes *changes, uint64_t place, struct change *change)
{
	bool found = false;

	pthread_mutex_lock(&changes->mutex);
	for (int i = 0; i < changes->count; i++) {
		const struct change *it = &changes->things[i].change;

		if (it->place > place && (!found || it->place < change->place)) {
			*change = *it;
			found = true;
		}
	}
	pthread_mutex_unlock(&changes->mutex);
	return found;
}
