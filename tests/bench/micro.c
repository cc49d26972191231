/* SPDX-License-Identifier: MIT */
/*
 * What single things cost: the parts of the program that work for each record, read or turn, and the system calls that
 * a connection is made of.
 *
 *   micro [--batches N] [--ms N] [--json FILE] [WORD...]
 *
 * Each is done in batches of so many milliseconds.  They take turns, a batch of each and then all again: so what the
 * machine does otherwise meets all of them.  With words it does only those that have one of them in their name.
 * Without arguments it takes a moment, which is enough to see that everything still runs.
 */
#include "bench/micro.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"

enum { MEASURES_MAX = 64, BATCHES_MAX = 1000, COUNT_MOST = 1 << 26 };

struct batch {
	double ns, instructions; /* of one */
};

struct measure {
	const struct micro *micro;
	long count; /* in one batch */
	struct batch batches[BATCHES_MAX];
	double median, low, high, instructions;
};

static struct measure measures[MEASURES_MAX];
static int measure_count, batches = 3;
static double batch_ns = NS_PER_MS;
static int counter; /* of our own instructions; -1: the machine has none for us */

void
must(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
open_counter(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static uint64_t
read_counter(void)
{
	uint64_t value = 0;

	if (counter != -1)
		must(read(counter, &value, sizeof(value)) == sizeof(value), "the counter of instructions");
	return value;
}

static struct batch
run(const struct micro *micro, long count)
{
	if (micro->begin != NULL)
		micro->begin();
	uint64_t instructions = read_counter();
	int64_t began = clock_now();
	micro->run(count);
	int64_t ns = clock_now() - began;
	instructions = read_counter() - instructions;
	if (micro->end != NULL)
		micro->end();
	return (struct batch){ (double)ns / (double)count, (double)instructions / (double)count };
}

/* The first run, which warms up, says how many make a batch. */
static void
calibrate(struct measure *measure)
{
	double each = 1;

	for (measure->count = 1; measure->count < COUNT_MOST; measure->count *= 2) {
		each = run(measure->micro, measure->count).ns;
		if (each * (double)measure->count > batch_ns / 4)
			break;
	}
	measure->count = (long)(batch_ns / each);
	measure->count = measure->count < 1 ? 1 : measure->count;
}

static int
compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static void
sum_up(struct measure *measure)
{
	static double values[BATCHES_MAX];

	for (int i = 0; i < batches; i++)
		values[i] = measure->batches[i].instructions;
	qsort(values, (size_t)batches, sizeof(values[0]), compare);
	measure->instructions = values[batches / 2];
	for (int i = 0; i < batches; i++)
		values[i] = measure->batches[i].ns;
	qsort(values, (size_t)batches, sizeof(values[0]), compare);
	measure->median = values[batches / 2];
	measure->low = values[batches / 10];
	measure->high = values[batches - 1 - batches / 10];
}

static const struct measure *
find(const char *name)
{
	for (int i = 0; i < measure_count; i++) {
		if (strcmp(measures[i].micro->name, name) == 0)
			return &measures[i];
	}
	return NULL;
}

static void
show(const struct measure *measure)
{
	const char *against = measure->micro->against;
	const struct measure *part = against != NULL ? find(against) : NULL;

	printf("%-58s %10.1f  (%.1f to %.1f)", measure->micro->name, measure->median, measure->low, measure->high);
	if (counter != -1)
		printf("  %.0f", measure->instructions);
	if (part != NULL)
		printf("  %+.1f", measure->median - part->median);
	putchar('\n');
}

static void
write_json(const char *path)
{
	FILE *file = fopen(path, "w");

	must(file != NULL, path);
	fputs("[", file);
	for (int i = 0; i < measure_count; i++) {
		const struct measure *it = &measures[i];

		fprintf(file,
		    "%s\n{\"name\":\"%s\",\"ns\":%.2f,\"low\":%.2f,\"high\":%.2f,\"batches\":%d,\"count\":%ld,",
		    i == 0 ? "" : ",", it->micro->name, it->median, it->low, it->high, batches, it->count);
		fprintf(file, counter == -1 ? "\"instructions\":null}" : "\"instructions\":%.1f}", it->instructions);
	}
	fputs("\n]\n", file);
	must(fclose(file) == 0, path);
}

static bool
is_wanted(const struct micro *micro, char **words)
{
	for (char **word = words; *word != NULL; word++) {
		if (strstr(micro->name, *word) != NULL)
			return true;
	}
	return *words == NULL;
}

static void
add(const struct micro *micros, char **words)
{
	for (; micros->name != NULL; micros++) {
		if (!is_wanted(micros, words))
			continue;
		must(measure_count < MEASURES_MAX, "too many measures");
		measures[measure_count++].micro = micros;
	}
}

int
main(int argc, char **argv)
{
	const char *json = NULL;
	char **words = argv + 1;

	for (; argc > 2 && words[0] != NULL && words[0][0] == '-' && words[1] != NULL; words += 2) {
		if (strcmp(words[0], "--batches") == 0)
			batches = atoi(words[1]);
		else if (strcmp(words[0], "--ms") == 0)
			batch_ns = atof(words[1]) * NS_PER_MS;
		else if (strcmp(words[0], "--json") == 0)
			json = words[1];
		else
			return 2;
	}
	if (batches < 1 || batches > BATCHES_MAX || batch_ns <= 0)
		return 2;
	micro_parts_prepare();
	micro_calls_prepare();
	add(micro_parts, words);
	add(micro_calls, words);
	counter = open_counter();

	for (int i = 0; i < measure_count; i++)
		calibrate(&measures[i]);
	for (int batch = 0; batch < batches; batch++) {
		for (int i = 0; i < measure_count; i++)
			measures[i].batches[batch] = run(measures[i].micro, measures[i].count);
	}
	printf("%-58s %10s  (10 %% to 90 %% of %d batches)%s  beyond its part\n", "", "ns", batches,
	    counter == -1 ? "" : "  instructions");
	for (int i = 0; i < measure_count; i++) {
		sum_up(&measures[i]);
	}
	for (int i = 0; i < measure_count; i++)
		show(&measures[i]);
	if (json != NULL)
		write_json(json);
	return 0;
}
