/* SPDX-License-Identifier: MIT */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* One IPv4, IPv6 or Unix socket address.  A plain value: copy it freely. */
struct addr {
	socklen_t length; /* what bind and connect want beside &any */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
};

#define ADDR_TEXT_MAX (sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path))

/* "127.0.0.1:8080", "[::1]:8080", "unix:/path", or "8080" for every address
 * of this host, IPv6 and IPv4.  False for anything else: no names, no guesses. */
bool addr_parse(struct addr *addr, const char *text);

/* When false, `expected` is what should have been there, to stand behind the
 * text in a message: "the port must be 0 to 65535". */
bool addr_parse_explained(struct addr *addr, const char *text, const char **expected);

/* "192.0.2.1" or "2001:db8::1", without a port; that becomes 0. */
bool addr_parse_ip(struct addr *addr, const char *text);

/* A client that came over IPv4 to an IPv6 socket is shown as what it is, IPv4. */
const char *addr_format(const struct addr *addr, char *text, size_t size);

bool addr_is_unix(const struct addr *addr);

/* In host order; 0 for a Unix socket. */
uint16_t addr_port(const struct addr *addr);
void addr_set_port(struct addr *addr, uint16_t port);

bool addr_is_loopback(const struct addr *addr);

#endif
