/* SPDX-License-Identifier: MIT */
#ifndef API_ADMIN_SOCKET_H
#define API_ADMIN_SOCKET_H

#include <sys/types.h>
#include "base/addr.h"

/* The socket that the api listens on. */
struct admin_socket {
	int fd;
	struct addr bound; /* with the port that the kernel chose */
	dev_t device;      /* of a Unix socket: the file that is ours to remove */
	ino_t inode;
};

/* 0 or -errno; the descriptor is the caller's to close.  The file of a Unix socket has this mode before
 * anybody can connect.  One that nobody answers on any more is replaced; with anything else in its
 * place, EADDRINUSE. */
int admin_socket_open(struct admin_socket *it, const struct addr *addr, mode_t mode);

/* Removes the path of a Unix socket, unless another has taken it. */
void admin_socket_unlink(const struct admin_socket *it);

#endif
