/* SPDX-License-Identifier: MIT */
#include "support/descriptors.h"

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SKIP = 77, LOOKED_AT = 1024 };

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

struct descriptors {
	int count;
	rlim_t first_free; /* RLIMIT_NOFILE at this number leaves it none */
};

static struct descriptors
descriptors_of(pid_t pid)
{
	struct descriptors descriptors = { 0 };
	char directory[64];
	bool open[LOOKED_AT + 1] = { false };
	struct dirent *entry;
	DIR *listing;

	snprintf(directory, sizeof(directory), "/proc/%d/fd", (int)pid);
	listing = opendir(directory);
	ck_assert_ptr_ne(listing, NULL);
	while ((entry = readdir(listing)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (atoi(entry->d_name) < LOOKED_AT)
			open[atoi(entry->d_name)] = true;
		descriptors.count++;
	}
	closedir(listing);
	while (open[descriptors.first_free])
		descriptors.first_free++;
	return descriptors;
}

int
descriptors_count(pid_t pid)
{
	return descriptors_of(pid).count;
}

void
descriptors_leave(pid_t pid, int more)
{
	struct rlimit limit;

	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = more < 0 ? limit.rlim_max : descriptors_of(pid).first_free + (rlim_t)more;
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
}
