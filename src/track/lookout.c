/* SPDX-License-Identifier: MIT */
#include "track/lookout.h"

#include <stdlib.h>
#include "base/clock.h"
#include "net/ports.h"
#include "track/story.h"
#include "track/suspicions.h"

enum {
	READ_MAX = 32768, /* closed ones in one look: some milliseconds */
	REST = 100,       /* between two looks at what lives, as many times as long as one worked */
};

struct lookout {
	const struct track *track;
	struct suspicions *suspicions;
	struct findings_list list; /* as it was published last */
	int64_t next_ns;           /* when to look at what lives, and to judge */
	int rings;
	uint64_t next[]; /* of each ring of the history */
};

struct lookout *
lookout_new(const struct track *track)
{
	int rings = history_rings(track->history);
	struct lookout *it = calloc(1, sizeof(*it) + (size_t)rings * sizeof(it->next[0]));

	if (it == NULL)
		return NULL;
	it->track = track;
	it->rings = rings;
	it->suspicions = suspicions_new(track->settings);
	if (it->suspicions == NULL) {
		free(it);
		return NULL;
	}
	for (int ring = 0; ring < rings; ring++)
		it->next[ring] = history_head(track->history, ring);
	return it;
}

void
lookout_free(struct lookout *lookout)
{
	if (lookout == NULL)
		return;
	suspicions_free(lookout->suspicions);
	free(lookout);
}

/* The newest ones of a ring, `most` of them; each stands for as many as were left out, or overwritten. */
static void
read_ring(struct lookout *it, int ring, uint64_t most)
{
	uint64_t head = history_head(it->track->history, ring), news = head - it->next[ring];
	uint64_t oldest = history_oldest(it->track->history, ring);
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	union record_words closed;
	uint64_t read = 0;

	if (news == 0)
		return;
	uint64_t first = news > most ? head - most : it->next[ring];
	first = oldest > first && oldest < head ? oldest : first;
	uint32_t weight = (uint32_t)((news + (head - first) / 2) / (head - first));
	for (uint64_t number = first; number < head; number++) {
		if (history_read(it->track->history, ring, number, &closed) != RING_READ)
			continue; /* overwritten just now */
		int count = story_attempts(it->track, &closed.record, attempts);
		suspicions_take(it->suspicions, &closed.record, attempts, count, weight);
		read++;
	}
	it->list.closed += read;
	it->list.missed += news - read;
	it->next[ring] = head;
}

static void
read_closed(struct lookout *it)
{
	uint64_t busy = 0;

	for (int ring = 0; ring < it->rings; ring++)
		busy += history_head(it->track->history, ring) != it->next[ring];
	for (int ring = 0; busy > 0 && ring < it->rings; ring++)
		read_ring(it, ring, READ_MAX / busy);
}

static void
read_live(struct lookout *it)
{
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	struct table_cursor cursor = { 0 };
	union record_words copy;
	int64_t now = clock_now();

	suspicions_begin_live(it->suspicions);
	while (table_next(it->track->table, &cursor, &copy)) {
		int count = story_attempts(it->track, &copy.record, attempts);

		suspicions_take_live(it->suspicions, &copy.record, attempts, count, now);
	}
}

static void
judge(struct lookout *it)
{
	const struct moment moment = { .now_ns = clock_now(), .wall_us = clock_wall_us() };
	const struct port_limits limits = { ports_of_one_source(), ports_in_time_wait() };

	it->list.count = it->list.left_out = 0;
	suspicions_judge(it->suspicions, &limits, &moment, &it->list);
	findings_publish(it->track->findings, &it->list);
}

/* What closed first: who closes between the two is met the next time, and nobody is counted twice. */
void
lookout_look(struct lookout *lookout)
{
	int64_t began = clock_now(), busy = clock_thread();

	read_closed(lookout);
	if (began < lookout->next_ns)
		return;
	read_live(lookout);
	judge(lookout);
	lookout->next_ns = began + (clock_thread() - busy) * REST;
}
