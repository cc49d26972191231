/* SPDX-License-Identifier: MIT */
#include "track/pairs.h"

#include <stdlib.h>

struct pairs {
	int count, workers;
	struct pair_counts *counts; /* [worker][pair], in `memory` */
	void *memory;
};

static const struct pair_counts *
counts_of(const struct pairs *pairs, int worker, int pair)
{
	return &pairs->counts[(size_t)worker * (size_t)pairs->count + (size_t)pair];
}

struct pairs *
pairs_new(int count, int workers)
{
	const size_t line = _Alignof(struct pair_counts);
	struct pairs *pairs = calloc(1, sizeof(*pairs));

	if (pairs == NULL)
		return NULL;
	pairs->count = count;
	pairs->workers = workers;
	/* Zero by the kernel and not by us: what no connection touches takes no memory. */
	pairs->memory = calloc(1, (size_t)count * (size_t)workers * sizeof(struct pair_counts) + line);
	if (pairs->memory == NULL) {
		pairs_free(pairs);
		return NULL;
	}
	pairs->counts = (struct pair_counts *)(((uintptr_t)pairs->memory + line - 1) / line * line);
	return pairs;
}

void
pairs_free(struct pairs *pairs)
{
	if (pairs == NULL)
		return;
	free(pairs->memory);
	free(pairs);
}

struct pair_counts *
pairs_of_worker(const struct pairs *pairs, int worker)
{
	return &pairs->counts[(size_t)worker * (size_t)pairs->count];
}

static void
add(uint64_t sums[], const _Atomic uint64_t counts[], int count)
{
	for (int i = 0; i < count; i++)
		sums[i] += atomic_load_explicit(&counts[i], memory_order_relaxed);
}

void
pairs_add(const struct pairs *pairs, int pair, struct pair_facts *facts)
{
	for (int worker = 0; worker < pairs->workers; worker++) {
		const struct pair_counts *counts = counts_of(pairs, worker, pair);

		/* First: of what is added to both in between, too much would be told to have no initiator. */
		add(facts->closed_by_nobody, counts->closed_by_nobody, WHY_COUNT);
		add(facts->closed_by, counts->closed_by, WHY_COUNT);
		add(facts->received, counts->received, LEG_COUNT);
		add(facts->sent, counts->sent, LEG_COUNT);
		add(facts->undelivered, counts->undelivered, LEG_COUNT);
		add(facts->segments_sent, counts->segments_sent, LEG_COUNT);
		add(facts->segments_retransmitted, counts->segments_retransmitted, LEG_COUNT);
	}
}

void
pairs_add_attempts(const struct pairs *pairs, int pair, int target, uint64_t results[ATTEMPT_RESULTS])
{
	for (int worker = 0; worker < pairs->workers; worker++)
		add(results, counts_of(pairs, worker, pair)->attempts[target], ATTEMPT_RESULTS);
}

void
pairs_add_histogram(const struct pairs *pairs, int pair, enum pair_histogram histogram, struct histogram_sum *sum)
{
	for (int worker = 0; worker < pairs->workers; worker++)
		histogram_sum_add(sum, &counts_of(pairs, worker, pair)->histograms[histogram]);
}

uint64_t
pairs_received(const struct pairs *pairs, enum leg_name leg)
{
	uint64_t sum = 0;

	for (int i = 0; i < pairs->count * pairs->workers; i++)
		add(&sum, &pairs->counts[i].received[leg], 1);
	return sum;
}

uint64_t
pairs_sent(const struct pairs *pairs, enum leg_name leg)
{
	uint64_t sum = 0;

	for (int i = 0; i < pairs->count * pairs->workers; i++)
		add(&sum, &pairs->counts[i].sent[leg], 1);
	return sum;
}
