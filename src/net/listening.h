/* SPDX-License-Identifier: MIT */
#ifndef NET_LISTENING_H
#define NET_LISTENING_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "net/socket.h"

/*
 * Listening sockets: as many on one address as there are workers.
 *
 * Over TCP each is a socket of its own (SO_REUSEPORT), among which the kernel
 * spreads the clients.  The first is bound without that option, so that a port
 * in use is noticed: two programs of one user could otherwise share it
 * unawares.  A Unix or an inherited socket is one, with a descriptor each.
 */
struct listening {
	struct addr bound;
	int count;
	int *fds; /* fds[0 … count-1]; the caller's memory, of the size it asked for */
};

enum listening_step { LISTENING_SOCKET, LISTENING_BIND, LISTENING_LISTEN };

/* `any`: a port on every address; IPv4 alone where there is no IPv6.  0, or -errno of *step;
 * nothing is left open then. */
int listening_open(struct listening *listening, const struct addr *addr, bool any, const struct tcp_manner *manner,
    enum listening_step *step);

/* The same for a socket that this process was given, already listening. */
int listening_adopt(struct listening *listening, int fd, const struct tcp_manner *manner);

/* Removes the path of a Unix socket that listening_open made.  The descriptors are the caller's. */
void listening_remove_path(const struct addr *bound);

/* Who came and found its queue full, as often as they tried (SO_MEMINFO, modulo 2^32).  False: unknown. */
bool listening_drops(int fd, uint32_t *drops);

/* The next client, not blocking, or -errno. */
int listening_accept(int fd, struct addr *client);

#endif
