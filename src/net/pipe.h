/* SPDX-License-Identifier: MIT */
#ifndef NET_PIPE_H
#define NET_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Through which bytes go from one TCP socket to another without being copied
 * (splice(2)).  What lies in it has left the one and has not reached the other.
 */
struct pipe {
	int to, from;
	uint32_t held; /* bytes in it */
};

/* The kernel counts segments and not bytes, each as a page.  A user without privileges gets 16384 pages in all
 * (pipe(7), /proc/sys/fs/pipe-user-pages-soft), and beyond that two for a pipe, which is no use to us. */
enum { PIPE_SIZE = 1 << 20, PIPE_SIZE_LEAST = 64 << 10 };

/* As large as the kernel lets it be, but no smaller than PIPE_SIZE_LEAST.  0 or -errno; then there is none. */
int pipe_open(struct pipe *pipe);
void pipe_close(struct pipe *pipe); /* with all that it holds */

/* From a TCP socket into an empty pipe: bytes, 0 or -errno.  That is all it says.  Neither -EAGAIN nor 0 tells whether
 * the socket is empty or has ended, for at an urgent byte (tcp(7)) it stops with either of them.  An error of
 * the socket is told once, here or by recv. */
ssize_t pipe_fill(struct pipe *pipe, int socket, size_t size);

/* What it holds, to a TCP socket that was opened with SOCK_NONBLOCK: bytes or -errno.  Fewer than it held, or -EAGAIN:
 * the socket is full, and an edge will tell when it has room.  A broken socket raises SIGPIPE. */
ssize_t pipe_empty(struct pipe *pipe, int socket);

#endif
