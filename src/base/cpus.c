/* SPDX-License-Identifier: MIT */
#include "base/cpus.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = PATH_MAX + 64 };

/* Of version 2 there is one hierarchy, with the number 0 and no controllers: "0::/system.slice/x". */
static bool
read_group(char *group, size_t size, const char *membership)
{
	FILE *file = fopen(membership, "re");
	char line[LINE_MAX_BYTES];
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, "0::/", 4) == 0 && strlen(line + 3) < size;
	}
	fclose(file);
	if (found)
		strcpy(group, line + 3);
	return found;
}

/* "200000 100000": so many µs in each period; or "max 100000". */
static int
read_quota(const char *mount, const char *group)
{
	char path[2 * LINE_MAX_BYTES];
	long long quota, period;

	snprintf(path, sizeof(path), "%s%s/cpu.max", mount, group);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	int read = fscanf(file, "%lld %lld", &quota, &period);
	fclose(file);
	if (read != 2 || quota <= 0 || period <= 0 || quota / period >= CPU_SETSIZE)
		return 0;
	return (int)((quota + period - 1) / period);
}

int
cpus_quota(const char *mount, const char *membership)
{
	char group[LINE_MAX_BYTES];
	int least = 0;

	if (!read_group(group, sizeof(group), membership))
		return 0;
	for (char *end = group + strlen(group); end != NULL; end = strrchr(group, '/')) {
		*end = '\0';
		int quota = read_quota(mount, group);
		if (quota > 0 && (least == 0 || quota < least))
			least = quota;
	}
	return least;
}

int
cpus_count(void)
{
	static const char membership[] = "/proc/self/cgroup";
	cpu_set_t cpus;
	int count = sched_getaffinity(0, sizeof(cpus), &cpus) == -1 ? 1 : CPU_COUNT(&cpus);
	int quota = cpus_quota("/sys/fs/cgroup", membership);

	if (quota == 0)
		quota = cpus_quota("/sys/fs/cgroup/unified", membership); /* beside version 1 */
	return quota > 0 && quota < count ? quota : count;
}

int
cpus_nth(cpu_set_t *one, int n)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == -1)
		return -errno;
	n %= CPU_COUNT(&cpus);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus) && n-- == 0) {
			CPU_ZERO(one);
			CPU_SET(cpu, one);
			return 0;
		}
	}
	return -EINVAL;
}
