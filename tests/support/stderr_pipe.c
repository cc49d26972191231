/* SPDX-License-Identifier: MIT */
#include "support/stderr_pipe.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stderr_pipe stderr_pipe;

void
stderr_pipe_open(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	stderr_pipe.reader = ends[0];
	stderr_pipe.real = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	stderr_pipe.length = 0;
	stderr_pipe.seen[0] = '\0';
}

void
stderr_pipe_leave(void)
{
	if (stderr_pipe.reader != -1)
		close(stderr_pipe.reader);
	stderr_pipe.reader = -1;
}

void
stderr_pipe_close(void)
{
	dup2(stderr_pipe.real, STDERR_FILENO);
	close(stderr_pipe.real);
	stderr_pipe_leave();
}

bool
stderr_pipe_read(int patience_ms)
{
	struct pollfd in = { .fd = stderr_pipe.reader, .events = POLLIN };
	char *end = stderr_pipe.seen + stderr_pipe.length;

	if (poll(&in, 1, patience_ms) <= 0)
		return false;
	ssize_t got = read(stderr_pipe.reader, end, sizeof(stderr_pipe.seen) - 1 - stderr_pipe.length);
	if (got <= 0)
		return false;
	end[got] = '\0';
	stderr_pipe.length += (size_t)got;
	return true;
}

const char *
stderr_pipe_read_all(void)
{
	while (stderr_pipe_read(0))
		continue;
	return stderr_pipe.seen;
}

uint64_t
stderr_pipe_count(const char *what)
{
	uint64_t count = 0;

	for (const char *at = stderr_pipe.seen; (at = strstr(at, what)) != NULL; at += strlen(what))
		count++;
	return count;
}

uint64_t
stderr_pipe_sum(const char *what)
{
	uint64_t sum = 0;

	for (const char *at = stderr_pipe.seen; (at = strstr(at, what)) != NULL; at += strlen(what))
		sum += strtoull(at + strlen(what), NULL, 10);
	return sum;
}
