/* SPDX-License-Identifier: MIT */
#include "api/top.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/id_set.h"

/* What an entry is ordered by.  Texts have no bound, and are read again from the record. */
struct key {
	enum value_kind kind; /* VALUE_NULL, VALUE_NUMBER, VALUE_ADDRESS or VALUE_TEXT */
	int64_t number;
	uint8_t ip[16];
};

struct entry {
	struct key key;
	uint32_t record;
};

struct top {
	struct top_order order;
	uint32_t limit, count, capacity;
	struct entry *heap; /* of `capacity`, as are … */
	struct record *records;
	struct id_set ids;
	struct reading readings[2]; /* for texts: one that is kept, and the one compared with it */
	size_t bytes;
};

enum { FIRST_ROOM = 32 };

static _Atomic size_t bytes_of_all;

/* False: no memory. */
static bool
make_room(struct top *top, uint32_t capacity)
{
	struct entry *heap = realloc(top->heap, capacity * sizeof(heap[0]));

	if (heap == NULL)
		return false;
	top->heap = heap;
	struct record *records = realloc(top->records, capacity * sizeof(records[0]));
	if (records == NULL)
		return false;
	top->records = records;
	top->capacity = capacity;
	return true;
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

struct top *
top_new(const struct top_order *order, uint32_t limit, bool *room)
{
	struct top *top;
	size_t bytes = sizeof(*top) + limit * (sizeof(struct entry) + sizeof(struct record) + 4 * sizeof(uint64_t));

	*room = atomic_fetch_add(&bytes_of_all, bytes) + bytes <= TOPS_BYTES_MAX;
	top = *room ? calloc(1, sizeof(*top)) : NULL;
	if (top == NULL) {
		atomic_fetch_sub(&bytes_of_all, bytes);
		return NULL;
	}
	top->order = *order;
	top->limit = limit;
	top->bytes = bytes;
	if (id_set_init(&top->ids, limit) == 0 && make_room(top, smaller(limit, FIRST_ROOM)))
		return top;
	top_free(top);
	return NULL;
}

void
top_free(struct top *top)
{
	if (top == NULL)
		return;
	atomic_fetch_sub(&bytes_of_all, top->bytes);
	id_set_fini(&top->ids);
	free(top->records);
	free(top->heap);
	free(top);
}

static struct key
key_of(const struct value *value)
{
	struct key key = { .kind = value->kind };

	switch (value->kind) {
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_INSTANT:
		key.kind = VALUE_NUMBER;
		key.number = value->kind == VALUE_BOOL ? value->truth : value->number;
		break;
	case VALUE_ADDRESS:
		memcpy(key.ip, value->end->ip, sizeof(key.ip));
		break;
	case VALUE_NULL:
	case VALUE_TEXT:
	case VALUE_LIST:
		break;
	}
	return key;
}

/* Of the fields that are meant, the greatest text; "" where all are null. */
static const char *
greatest_text(const struct top *top, struct reading *reading, char text[sizeof(reading->room)])
{
	text[0] = '\0';
	for (int i = 0; i < top->order.by.count; i++) {
		struct value value = field_show(reading, top->order.by.fields[i]);

		if (value.kind == VALUE_TEXT && strcmp(value.text, text) > 0)
			snprintf(text, sizeof(reading->room), "%s", value.text);
	}
	return text;
}

/* Of two that are known.  Below 0: `a` is less. */
static int
compare_keys(const struct key *a, const struct key *b)
{
	if (a->kind == VALUE_NUMBER)
		return (a->number > b->number) - (a->number < b->number);
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

static int
compare_texts(struct top *top, const struct record *a, const struct record *b)
{
	char texts[2][sizeof(top->readings[0].room)];

	top->readings[0].record = a;
	top->readings[1].record = b;
	return strcmp(greatest_text(top, &top->readings[0], texts[0]), greatest_text(top, &top->readings[1], texts[1]));
}

/* Whether `a` comes before `b` in the list. */
static bool
precedes(struct top *top, const struct key *a, const struct record *record_a, const struct key *b,
    const struct record *record_b)
{
	int difference = 0;

	if (a->kind == VALUE_NULL || b->kind == VALUE_NULL) {
		if (a->kind != b->kind)
			return b->kind == VALUE_NULL;
	} else {
		difference = a->kind == VALUE_TEXT ? compare_texts(top, record_a, record_b) : compare_keys(a, b);
	}
	if (difference != 0)
		return (difference < 0) != top->order.descending;
	return record_a->id < record_b->id;
}

static bool
comes_before(struct top *top, const struct entry *a, const struct entry *b)
{
	return precedes(top, &a->key, &top->records[a->record], &b->key, &top->records[b->record]);
}

static void
swap(struct entry *a, struct entry *b)
{
	struct entry entry = *a;

	*a = *b;
	*b = entry;
}

static void
sift_up(struct top *top, uint32_t at)
{
	while (at > 0 && comes_before(top, &top->heap[(at - 1) / 2], &top->heap[at])) {
		swap(&top->heap[(at - 1) / 2], &top->heap[at]);
		at = (at - 1) / 2;
	}
}

static void
sift_down(struct top *top, uint32_t count)
{
	for (uint32_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && comes_before(top, &top->heap[child], &top->heap[child + 1]))
			child++;
		if (!comes_before(top, &top->heap[at], &top->heap[child]))
			break;
		swap(&top->heap[at], &top->heap[child]);
	}
}

/* The greatest of the fields that are meant; null where all are. */
static struct key
read_key(const struct top *top, struct reading *reading)
{
	struct key best = { .kind = VALUE_NULL };

	for (int i = 0; i < top->order.by.count; i++) {
		struct value value = field_show(reading, top->order.by.fields[i]);
		struct key key = key_of(&value);

		if (best.kind == VALUE_NULL ||
		    (key.kind != VALUE_NULL && key.kind != VALUE_TEXT && compare_keys(&best, &key) < 0))
			best = key;
	}
	return best;
}

static void
add(struct top *top, const struct key *key, const struct record *record)
{
	id_set_add(&top->ids, record->id);
	top->records[top->count] = *record;
	top->heap[top->count] = (struct entry){ .key = *key, .record = top->count };
	sift_up(top, top->count++);
}

/* In the place of the last one, if it comes before that. */
static void
replace_last(struct top *top, const struct key *key, const struct record *record)
{
	struct entry *last = &top->heap[0];

	if (!precedes(top, key, record, &last->key, &top->records[last->record]))
		return;
	id_set_remove(&top->ids, top->records[last->record].id);
	id_set_add(&top->ids, record->id);
	last->key = *key;
	top->records[last->record] = *record;
	sift_down(top, top->count);
}

void
top_offer(struct top *top, struct reading *reading)
{
	struct key key = read_key(top, reading);

	for (int i = 0; i < 2; i++) {
		top->readings[i].track = reading->track;
		top->readings[i].now_ns = reading->now_ns;
	}
	if (id_set_has(&top->ids, reading->record->id))
		return;
	if (top->count == top->capacity && top->count < top->limit &&
	    !make_room(top, smaller(2 * top->capacity, top->limit)))
		top->limit = top->count;
	if (top->count < top->limit)
		add(top, &key, reading->record);
	else
		replace_last(top, &key, reading->record);
}

uint32_t
top_sort(struct top *top)
{
	for (uint32_t rest = top->count; rest > 1;) {
		swap(&top->heap[0], &top->heap[--rest]);
		sift_down(top, rest);
	}
	return top->count;
}

const struct record *
top_at(const struct top *top, uint32_t place)
{
	assert(place < top->count);
	return &top->records[top->heap[place].record];
}
