/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_DESCRIPTORS_H
#define SUPPORT_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

/* For main(): all the descriptors that this process may have, which its children inherit.  Where
 * those are fewer than `needed` it says so and exits with 77: the program is skipped. */
void descriptors_need(size_t needed);

/* How many a process has open. */
int descriptors_count(pid_t pid);

/* Leaves it so many more, by its RLIMIT_NOFILE; -1: as many as it may have. */
void descriptors_leave(pid_t pid, int more);

#endif
