/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdbool.h>

/* One thing to measure. */
struct micro {
	const char *name;
	void (*run)(long count);           /* does it so often */
	void (*begin)(void), (*end)(void); /* before and after, outside of the time; may be NULL */
	const char *against;               /* the name of another whose time is a part of it, or NULL */
};

/* Parts of the program, and system calls; a name NULL ends each. */
extern const struct micro micro_parts[], micro_calls[];
void micro_parts_prepare(void);
void micro_calls_prepare(void);

/* Two ends of a TCP connection over loopback; the first does not block. */
void micro_pair(int pair[2]);

/* Ends the program unless it is so. */
void must(bool so, const char *what);

#endif
