/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdint.h>

/* What the kernel says of this process.  -1: unknown. */
struct process_facts {
	int64_t cpu_us; /* all that its threads have had, in user space and in the kernel */
	int64_t open_fds, max_fds;
	int64_t resident_bytes, virtual_bytes;
	int64_t threads;
};

/* Short whatever there is open, but on kernels before 6.2, where descriptors have to be counted. */
void process_read(struct process_facts *facts);

#endif
