/* SPDX-License-Identifier: MIT */
#ifndef TRACK_RING_H
#define TRACK_RING_H

#include <stdint.h>

/*
 * The last entries that one thread wrote, for any number of readers.
 *
 * The writer never waits: it overwrites the oldest entry.  A reader keeps its
 * own place and, when overtaken, knows how many entries it missed, so a slow
 * reader costs itself and nobody else.
 *
 *        oldest                newest
 *   ┌──────┬──────┬──────┬──────┐
 *   │ 1041 │ 1042 │ 1043 │ 1044 │      head is 1045; a reader at 1039 missed 2
 *   └──────┴──────┴──────┴──────┘
 */
struct ring;

enum ring_answer {
	RING_READ,
	RING_NOT_YET,     /* nothing has that number so far */
	RING_OVERWRITTEN, /* too late: go on at ring_oldest */
};

/* `capacity` entries of `words` words each; memory is touched as it fills.  NULL: no memory. */
struct ring *ring_new(uint32_t capacity, int words);
void ring_free(struct ring *ring);

/* The writer only.  Returns the entry's number; the first is 0. */
uint64_t ring_append(struct ring *ring, const uint64_t *words);

/* One word of an entry that is still kept.  Any other thread than the writer may get that of a later entry, and has to
 * read the entry to be sure. */
uint64_t ring_word(const struct ring *ring, uint64_t number, int word);

/* Any thread. */
uint64_t ring_head(const struct ring *ring);   /* the number that the next entry will get */
uint64_t ring_oldest(const struct ring *ring); /* the oldest number still kept, or head */
enum ring_answer ring_read(const struct ring *ring, uint64_t number, uint64_t *words);

#endif
