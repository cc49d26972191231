/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
parse_path(struct addr *addr, const char *path)
{
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(addr->local.sun_path))
		return false;
	*addr = (struct addr){ .length = sizeof(addr->local), .local.sun_family = AF_UNIX };
	memcpy(addr->local.sun_path, path, length);
	return true;
}

/* Digits only: strtoul alone would also take " 80", "+80" and "-1". */
static bool
is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool
parse_v4(struct addr *addr, const char *text)
{
	*addr = (struct addr){ .length = sizeof(addr->v4), .v4.sin_family = AF_INET };
	return inet_pton(AF_INET, text, &addr->v4.sin_addr) == 1;
}

static bool
parse_v6(struct addr *addr, const char *text)
{
	struct in6_addr ip;

	if (inet_pton(AF_INET6, text, &ip) != 1)
		return false;
	/* An IPv6 socket that takes IPv6 alone could not be bound to it. */
	if (IN6_IS_ADDR_V4MAPPED(&ip)) {
		*addr = (struct addr){ .length = sizeof(addr->v4), .v4.sin_family = AF_INET };
		memcpy(&addr->v4.sin_addr, &ip.s6_addr[12], sizeof(addr->v4.sin_addr));
	} else {
		*addr = (struct addr){ .length = sizeof(addr->v6), .v6.sin6_family = AF_INET6, .v6.sin6_addr = ip };
	}
	return true;
}

/* "127.0.0.1" or "[::1]"; writes into host. */
static bool
parse_host(struct addr *addr, char *host, const char **expected)
{
	char *bracket = strchr(host, ']');

	if (host[0] == '[' && bracket != NULL && bracket[1] == '\0') {
		*bracket = '\0';
		return parse_v6(addr, host + 1);
	}
	if (strchr(host, ':') != NULL)
		*expected = "an IPv6 address stands in brackets, as in [::1]:80";
	return parse_v4(addr, host);
}

bool
addr_parse_explained(struct addr *addr, const char *text, const char **expected)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon == NULL ? text : colon + 1;
	char host[INET6_ADDRSTRLEN + 2] = "[::]";

	if (strncmp(text, "unix:", 5) == 0) {
		*expected = "the path must be 1 to 107 bytes long";
		return parse_path(addr, text + 5);
	}
	*expected = "must be PORT, IP:PORT, [IPv6]:PORT or unix:/path";
	if (!is_number(port) && (colon == NULL || strchr(port, ']') != NULL))
		return false; /* there is no port at all */
	if (!is_number(port) || strtoul(port, NULL, 10) > 65535) {
		*expected = "the port must be 0 to 65535";
		return false;
	}
	if (colon != NULL) {
		size_t length = (size_t)(colon - text);

		if (length >= sizeof(host))
			return false;
		memcpy(host, text, length);
		host[length] = '\0';
	}
	if (!parse_host(addr, host, expected))
		return false;
	addr_set_port(addr, (uint16_t)strtoul(port, NULL, 10));
	return true;
}

bool
addr_parse(struct addr *addr, const char *text)
{
	const char *expected;

	return addr_parse_explained(addr, text, &expected);
}

bool
addr_parse_ip(struct addr *addr, const char *text)
{
	return strchr(text, ':') != NULL ? parse_v6(addr, text) : parse_v4(addr, text);
}

const char *
addr_format(const struct addr *addr, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	const struct in6_addr *ip = &addr->v6.sin6_addr;

	if (addr->any.sa_family == AF_UNIX) {
		snprintf(text, size, "unix:%.*s", (int)sizeof(addr->local.sun_path), addr->local.sun_path);
	} else if (addr->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &addr->v4.sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, ntohs(addr->v4.sin_port));
	} else if (IN6_IS_ADDR_V4MAPPED(ip)) {
		inet_ntop(AF_INET, &ip->s6_addr[12], host, sizeof(host));
		snprintf(text, size, "%s:%u", host, ntohs(addr->v6.sin6_port));
	} else {
		inet_ntop(AF_INET6, ip, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, ntohs(addr->v6.sin6_port));
	}
	return text;
}

bool
addr_is_unix(const struct addr *addr)
{
	return addr->any.sa_family == AF_UNIX;
}

uint16_t
addr_port(const struct addr *addr)
{
	if (addr->any.sa_family == AF_INET)
		return ntohs(addr->v4.sin_port);
	return addr->any.sa_family == AF_INET6 ? ntohs(addr->v6.sin6_port) : 0;
}

void
addr_set_port(struct addr *addr, uint16_t port)
{
	if (addr->any.sa_family == AF_INET)
		addr->v4.sin_port = htons(port);
	else if (addr->any.sa_family == AF_INET6)
		addr->v6.sin6_port = htons(port);
}

bool
addr_is_loopback(const struct addr *addr)
{
	const struct in6_addr *ip = &addr->v6.sin6_addr;

	if (addr->any.sa_family == AF_INET)
		return ntohl(addr->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return addr->any.sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(ip) || (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == IN_LOOPBACKNET));
}
