/* SPDX-License-Identifier: MIT */
#include "net/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool
is_large(int fd)
{
	for (int size = PIPE_SIZE; size > PIPE_SIZE_LEAST; size /= 4) {
		if (fcntl(fd, F_SETPIPE_SZ, size) != -1)
			return true;
	}
	return fcntl(fd, F_GETPIPE_SZ) >= PIPE_SIZE_LEAST;
}

int
pipe_open(struct pipe *pipe)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1)
		return -errno;
	*pipe = (struct pipe){ .from = fds[0], .to = fds[1] };
	if (is_large(pipe->to))
		return 0;
	pipe_close(pipe);
	return -EPERM;
}

void
pipe_close(struct pipe *pipe)
{
	close(pipe->from);
	close(pipe->to);
	*pipe = (struct pipe){ .from = -1, .to = -1 };
}

ssize_t
pipe_fill(struct pipe *pipe, int socket, size_t size)
{
	ssize_t got = splice(socket, NULL, pipe->to, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got > 0)
		pipe->held += (uint32_t)got;
	return got == -1 ? -errno : got;
}

ssize_t
pipe_empty(struct pipe *pipe, int socket)
{
	ssize_t sent = splice(pipe->from, NULL, socket, NULL, pipe->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (sent > 0)
		pipe->held -= (uint32_t)sent;
	return sent == -1 ? -errno : sent;
}
