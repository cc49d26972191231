/* SPDX-License-Identifier: MIT */
#include "proxy/pipes.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

/* The last one returned is lent first, so that those at the bottom are the ones nobody wants. */
struct pipes {
	struct pipe pipes[PIPES_MAX];
	struct pipe *idle[PIPES_MAX]; /* open and not lent: idle[0 .. idle_count-1] */
	struct pipe *shut[PIPES_MAX]; /* not open: shut[0 .. shut_count-1] */
	size_t most, idle_count, shut_count;
	size_t idle_least; /* since the last tidying */
	bool refused;      /* by the kernel: it is not asked again before the next tidying */
	uint64_t shortages;
};

struct pipes *
pipes_new(size_t most)
{
	struct pipes *pipes = calloc(1, sizeof(*pipes));

	if (pipes == NULL)
		return NULL;
	pipes->most = most < PIPES_MAX ? most : PIPES_MAX;
	for (size_t i = 0; i < pipes->most; i++)
		pipes->shut[pipes->shut_count++] = &pipes->pipes[i];
	return pipes;
}

static void
shut_one(struct pipes *pipes, struct pipe *pipe)
{
	pipe_close(pipe);
	pipes->shut[pipes->shut_count++] = pipe;
}

void
pipes_free(struct pipes *pipes)
{
	assert(pipes_lent(pipes) == 0);
	while (pipes->idle_count > 0)
		shut_one(pipes, pipes->idle[--pipes->idle_count]);
	free(pipes);
}

struct pipe *
pipes_borrow(struct pipes *pipes)
{
	if (pipes->idle_count > 0 && !pipes->refused) {
		struct pipe *pipe = pipes->idle[--pipes->idle_count];

		if (pipes->idle_count < pipes->idle_least)
			pipes->idle_least = pipes->idle_count;
		return pipe;
	}
	if (!pipes->refused && pipes->shut_count > 0) {
		struct pipe *pipe = pipes->shut[pipes->shut_count - 1];

		if (pipe_open(pipe) == 0) {
			pipes->shut_count--;
			return pipe;
		}
		pipes->refused = true;
	}
	pipes->shortages++;
	return NULL;
}

void
pipes_return(struct pipes *pipes, struct pipe *pipe)
{
	if (pipe->held > 0)
		shut_one(pipes, pipe);
	else
		pipes->idle[pipes->idle_count++] = pipe;
}

void
pipes_refuse(struct pipes *pipes)
{
	pipes->refused = true;
}

void
pipes_tidy(struct pipes *pipes)
{
	size_t unwanted = pipes->idle_least;

	for (size_t i = 0; i < unwanted; i++)
		shut_one(pipes, pipes->idle[i]);
	for (size_t i = unwanted; i < pipes->idle_count; i++)
		pipes->idle[i - unwanted] = pipes->idle[i];
	pipes->idle_count -= unwanted;
	pipes->idle_least = pipes->idle_count;
	pipes->refused = false;
}

size_t
pipes_lent(const struct pipes *pipes)
{
	return pipes->most - pipes->idle_count - pipes->shut_count;
}

size_t
pipes_open(const struct pipes *pipes)
{
	return pipes->most - pipes->shut_count;
}

uint64_t
pipes_shortages(const struct pipes *pipes)
{
	return pipes->shortages;
}
