/* SPDX-License-Identifier: MIT */
#include "support/descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SKIP = 77 };

void
descriptors_need(size_t needed)
{
	struct rlimit descriptors;

	getrlimit(RLIMIT_NOFILE, &descriptors);
	if (descriptors.rlim_max < needed) {
		printf("skipped: %zu descriptors are needed, RLIMIT_NOFILE allows %lu\n", needed,
		    (unsigned long)descriptors.rlim_max);
		exit(SKIP);
	}
	descriptors.rlim_cur = descriptors.rlim_max;
	setrlimit(RLIMIT_NOFILE, &descriptors);
}
