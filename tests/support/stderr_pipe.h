/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_STDERR_PIPE_H
#define SUPPORT_STDERR_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pipe in place of this process's stderr, and what was read from it since it was opened. */
extern struct stderr_pipe {
	int reader, real;
	size_t length;
	char seen[1 << 20];
} stderr_pipe;

void stderr_pipe_open(void);
void stderr_pipe_close(void);

/* Nobody reads any more: a write fails with EPIPE. */
void stderr_pipe_leave(void);

/* Waits for one more piece.  False: nothing more comes. */
bool stderr_pipe_read(int patience_ms);

/* What is there now; all that was seen. */
const char *stderr_pipe_read_all(void);

/* How often this was seen, and the sum of the numbers behind it. */
uint64_t stderr_pipe_count(const char *what);
uint64_t stderr_pipe_sum(const char *what);

#endif
