/* SPDX-License-Identifier: MIT */
#include "net/listening.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel cuts it to net.core.somaxconn */

static int
open_tcp(const struct addr *addr, bool any, const struct tcp_manner *manner)
{
	int fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -errno;
	int error = socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (error == 0 && addr->any.sa_family == AF_INET6)
		error = socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !any);
	if (error == 0)
		error = socket_prepare(fd, manner);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

/* A path left behind by a process that is gone refuses; whoever answers keeps it.  So does a
 * file that is no socket, which would refuse as well. */
static bool
is_stale(const struct addr *addr)
{
	struct stat file;

	if (lstat(addr->local.sun_path, &file) == -1 || !S_ISSOCK(file.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd != -1 && connect(fd, &addr->any, addr->length) == -1 && errno == ECONNREFUSED;

	if (fd != -1)
		close(fd);
	return refused;
}

static int
bind_unix(int fd, const struct addr *addr)
{
	if (bind(fd, &addr->any, addr->length) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_stale(addr))
		return -errno;
	unlink(addr->local.sun_path);
	return bind(fd, &addr->any, addr->length) == -1 ? -errno : 0;
}

static void
close_all(struct listening *listening, int opened)
{
	for (int i = 0; i < opened; i++)
		close(listening->fds[i]);
}

/* fds[0] is open; the others become descriptors of the same socket. */
static int
share(struct listening *listening)
{
	for (int i = 1; i < listening->count; i++) {
		listening->fds[i] = fcntl(listening->fds[0], F_DUPFD_CLOEXEC, 0);
		if (listening->fds[i] == -1) {
			int error = -errno;

			close_all(listening, i);
			return error;
		}
	}
	return 0;
}

static int
open_unix(struct listening *listening, const struct addr *addr, enum listening_step *step)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -errno;
	*step = LISTENING_BIND;
	int error = bind_unix(fd, addr);
	if (error == 0) {
		*step = LISTENING_LISTEN;
		error = listen(fd, BACKLOG) == -1 ? -errno : 0;
	}
	if (error != 0) {
		close(fd);
		return error;
	}
	listening->bound = *addr;
	listening->fds[0] = fd;
	return share(listening);
}

/* Binds the first, which finds a port in use; the others then join it. */
static int
bind_tcp(struct listening *listening, int number, const struct addr *addr)
{
	int fd = listening->fds[number];
	int error = number == 0 ? 0 : socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);

	if (error == 0 && bind(fd, &addr->any, addr->length) == -1)
		error = -errno;
	if (error == 0 && number == 0)
		error = socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (error == 0 && number == 0 && !socket_name(fd, &listening->bound))
		error = -errno;
	return error;
}

/* All are bound before any listens: a client that comes in between must not find half of them. */
static int
open_many(struct listening *listening, const struct addr *addr, bool any, const struct tcp_manner *manner,
    enum listening_step *step)
{
	int error = 0;

	for (int i = 0; i < listening->count; i++) {
		*step = LISTENING_SOCKET;
		listening->fds[i] = open_tcp(addr, any, manner);
		if (listening->fds[i] < 0) {
			error = listening->fds[i];
			close_all(listening, i);
			return error;
		}
		*step = LISTENING_BIND;
		error = bind_tcp(listening, i, i == 0 ? addr : &listening->bound);
		if (error != 0) {
			close_all(listening, i + 1);
			return error;
		}
	}
	*step = LISTENING_LISTEN;
	for (int i = 0; error == 0 && i < listening->count; i++)
		error = listen(listening->fds[i], BACKLOG) == -1 ? -errno : 0;
	if (error != 0)
		close_all(listening, listening->count);
	return error;
}

int
listening_open(struct listening *listening, const struct addr *addr, bool any, const struct tcp_manner *manner,
    enum listening_step *step)
{
	*step = LISTENING_SOCKET;
	if (addr_is_unix(addr))
		return open_unix(listening, addr, step);

	int error = open_many(listening, addr, any, manner, step);
	if (any && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
		struct addr v4 = {
			.length = sizeof(v4.v4),
			.v4 = { .sin_family = AF_INET, .sin_port = htons(addr_port(addr)) },
		};
		error = open_many(listening, &v4, any, manner, step);
	}
	return error;
}

int
listening_adopt(struct listening *listening, int fd, const struct tcp_manner *manner)
{
	int is_listening = 0, flags = fcntl(fd, F_GETFL);
	socklen_t length = sizeof(is_listening);

	if (flags == -1)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) == -1)
		return -errno;
	if (!is_listening || !socket_name(fd, &listening->bound))
		return -EINVAL;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return -errno;
	if (!addr_is_unix(&listening->bound)) {
		int error = socket_prepare(fd, manner);

		if (error != 0)
			return error;
	}
	listening->fds[0] = fd;
	return share(listening);
}

void
listening_remove_path(const struct addr *bound)
{
	if (addr_is_unix(bound))
		unlink(bound->local.sun_path);
}

bool
listening_drops(int fd, uint32_t *drops)
{
	uint32_t numbers[SK_MEMINFO_VARS];
	socklen_t length = sizeof(numbers);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, numbers, &length) == -1 || length < sizeof(numbers))
		return false;
	*drops = numbers[SK_MEMINFO_DROPS];
	return true;
}

int
listening_accept(int fd, struct addr *client)
{
	client->length = sizeof(client->local);
	int accepted = accept4(fd, &client->any, &client->length, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return accepted == -1 ? -errno : accepted;
}
