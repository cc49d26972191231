/* SPDX-License-Identifier: MIT */
#include "net/ports.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 };

/* Without stdio, which would allocate: a worker asks too, now and then. */
static bool
read_text(char text[TEXT_MAX], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, TEXT_MAX - 1);

	if (fd != -1)
		close(fd);
	if (length < 0)
		return false;
	text[length] = '\0';
	return true;
}

int
ports_of_one_source(void)
{
	char text[TEXT_MAX];
	int first, last;

	if (!read_text(text, "/proc/sys/net/ipv4/ip_local_port_range") || sscanf(text, "%d %d", &first, &last) != 2)
		return 0;
	return last >= first ? last - first + 1 : 0;
}

int64_t
ports_in_time_wait(void)
{
	char text[TEXT_MAX];
	const char *tcp = read_text(text, "/proc/net/sockstat") ? strstr(text, "TCP: ") : NULL;
	const char *count = tcp == NULL ? NULL : strstr(tcp, " tw ");
	long long waiting;

	return count == NULL || sscanf(count, " tw %lld", &waiting) != 1 ? -1 : waiting;
}
