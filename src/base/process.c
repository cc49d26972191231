/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t
cpu_us(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == -1)
		return -1;
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static int64_t
count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int64_t count = 0;

	if (directory == NULL)
		return -1;
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count - 1; /* its own */
}

/* Since Linux 6.2 the directory's size says it. */
static int64_t
open_fds(void)
{
	struct stat directory;

	if (stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0)
		return directory.st_size;
	return count_fds();
}

static int64_t
max_fds(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur == RLIM_INFINITY)
		return -1;
	return (int64_t)limit.rlim_cur;
}

static void
read_memory(struct process_facts *facts)
{
	char text[128];
	long long pages, resident, page = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	facts->resident_bytes = facts->virtual_bytes = -1;
	if (fd != -1)
		close(fd);
	if (length <= 0)
		return;
	text[length] = '\0';
	if (sscanf(text, "%lld %lld", &pages, &resident) != 2)
		return;
	facts->virtual_bytes = pages * page;
	facts->resident_bytes = resident * page;
}

/* Each is a directory: a link to it, beside its two own ones. */
static int64_t
threads(void)
{
	struct stat directory;

	return stat("/proc/self/task", &directory) == -1 || directory.st_nlink <= 2 ? -1
										    : (int64_t)directory.st_nlink - 2;
}

void
process_read(struct process_facts *facts)
{
	*facts = (struct process_facts){
		.cpu_us = cpu_us(),
		.open_fds = open_fds(),
		.max_fds = max_fds(),
		.threads = threads(),
	};
	read_memory(facts);
}
