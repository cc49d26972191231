/* SPDX-License-Identifier: MIT */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

#include <sched.h>

/* The CPUs that this thread may run on, which in a container, or under taskset(1), are not all there are. */

/* How many of them it is worth to keep busy: no more than the quota of the control group pays for.  At least 1. */
int cpus_count(void);

/* The n-th of them alone, and after the last the first again.  0 or -errno. */
int cpus_nth(cpu_set_t *one, int n);

/* What cpu.max allows of the group, and of those above it, whose path stands in `membership` (cgroups(7)), with
 * version 2 mounted at `mount`: whole CPUs, rounded up.  0: no limit, or none that can be read. */
int cpus_quota(const char *mount, const char *membership);

#endif
