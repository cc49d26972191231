/* SPDX-License-Identifier: MIT */
#include "proxy/manners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/tcp_info.h"

#define SYSCTLS "/proc/sys/net/ipv4/"

enum { MUCH_BYTES = 384 * 1024 };

/* A socket to ask, or -errno.  What counts for IPv4 counts for IPv6. */
static int
open_scratch(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 && errno == EAFNOSUPPORT)
		fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd == -1 ? -errno : fd;
}

static int
try_congestion(const char *name, char standard[TCP_CONGESTION_MAX])
{
	int fd = open_scratch();

	if (fd < 0)
		return fd;
	tcp_congestion_read(fd, standard);
	int error = socket_set_congestion(fd, name);
	close(fd);
	return error;
}

/* The names in a sysctl, which may not be there to read. */
static void
add_names(struct text *text, const char *sysctl)
{
	char path[128], names[256] = "";

	snprintf(path, sizeof(path), SYSCTLS "%s", sysctl);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(names, sizeof(names), file) != NULL)
		text_addf(text, ": %.*s", (int)strcspn(names, "\n"), names);
	fclose(file);
}

static bool
is_named(const struct settings *settings)
{
	const char *congestion = settings->congestion;

	return congestion[0] != '\0' && strcmp(congestion, "auto") != 0 && strcmp(congestion, "keep") != 0;
}

bool
manners_check(const struct settings *settings, struct text *error)
{
	char standard[TCP_CONGESTION_MAX];
	int answer = is_named(settings) ? try_congestion(settings->congestion, standard) : 0;

	if (answer == 0)
		return true;
	text_add(error, "--congestion: ");
	text_add_quoted(error, settings->congestion);
	if (answer == -ENOENT) {
		text_add(error, ": auto, keep, or what net.ipv4.tcp_available_congestion_control lists");
		add_names(error, "tcp_available_congestion_control");
	} else if (answer == -EPERM) {
		text_add(
		    error, ": not without CAP_NET_ADMIN, but for what net.ipv4.tcp_allowed_congestion_control lists");
		add_names(error, "tcp_allowed_congestion_control");
	} else {
		text_addf(error, ": %s", strerror(-answer));
	}
	return false;
}

int
manners_init(struct manners *manners, const struct settings *settings)
{
	struct tcp_manner all = {
		.idle_seconds = (int)(settings->keepalive.idle_ns / NS_PER_S),
		.interval_seconds = (int)(settings->keepalive.interval_ns / NS_PER_S),
		.count = settings->keepalive.count,
		.congestion = is_named(settings) ? settings->congestion : NULL,
	};
	char standard[TCP_CONGESTION_MAX];

	*manners = (struct manners){ .loopback = all, .others = all };
	if (strcmp(settings->congestion, "auto") != 0)
		return 0;
	int error = try_congestion("reno", standard);
	if (error != 0)
		return error;
	if (strcmp(standard, "reno") == 0 || strcmp(standard, "cubic") == 0)
		manners->loopback.much_bytes = MUCH_BYTES;
	else
		manners->loopback.congestion = "reno";
	return error;
}

const struct tcp_manner *
manners_at(const struct manners *manners, const struct addr *addr)
{
	return addr_is_loopback(addr) ? &manners->loopback : &manners->others;
}

/* Of 0 to `most` one, evenly over all numbers, and neighbours far apart. */
static int
part(int most, uint32_t number, uint32_t odd)
{
	uint32_t share = number * odd;

	return (int)((uint64_t)share * ((uint64_t)most + 1) >> 32);
}

struct tcp_manner
manners_spread(const struct tcp_manner *manner, uint32_t number)
{
	struct tcp_manner spread = *manner;

	spread.idle_seconds -= part(manner->idle_seconds / 4, number, UINT32_C(0x9e3779b1));
	spread.interval_seconds += part(manner->interval_seconds / 2, number, UINT32_C(0x85ebca6b));
	if (spread.interval_seconds > KEEPALIVE_SECONDS_MAX)
		spread.interval_seconds = KEEPALIVE_SECONDS_MAX;
	return spread;
}
