/* SPDX-License-Identifier: MIT */
#include "api/admin_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* A socket file stays behind when its process is killed.  Only asking tells. */
static bool
is_left_behind(const struct addr *addr)
{
	struct stat file;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return false;
	bool refused = stat(addr->local.sun_path, &file) == 0 && S_ISSOCK(file.st_mode) &&
		       connect(fd, &addr->any, addr->length) == -1 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* The file gets the mode of the socket, so that at no moment others may connect.  But umask, which is
 * the whole process's and left alone, may take bits away. */
static int
bind_path(int fd, const struct addr *addr)
{
	if (fchmod(fd, S_IRUSR | S_IWUSR) == -1)
		return -1;
	if (bind(fd, &addr->any, addr->length) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!is_left_behind(addr)) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(addr->local.sun_path) == -1 ? -1 : bind(fd, &addr->any, addr->length);
}

static int
bind_port(int fd, const struct addr *addr)
{
	int yes = 1, no = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == -1)
		return -1;
	if (addr->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == -1)
		return -1;
	return bind(fd, &addr->any, addr->length);
}

/* Nobody can connect before listen. */
static int
let_in(const struct addr *addr, mode_t mode, struct stat *file)
{
	const char *path = addr->local.sun_path;

	if (stat(path, file) == -1)
		return -1;
	return (file->st_mode & 0777) == mode ? 0 : fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

static int
open_one(struct admin_socket *it, const struct addr *addr, mode_t mode)
{
	bool local = addr_is_unix(addr);
	struct stat file;

	*it = (struct admin_socket){ .bound = *addr };
	it->fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (it->fd == -1)
		return -errno;
	if ((local ? bind_path(it->fd, addr) : bind_port(it->fd, addr)) == -1 ||
	    (local ? let_in(addr, mode, &file) : getsockname(it->fd, &it->bound.any, &it->bound.length)) == -1 ||
	    listen(it->fd, SOMAXCONN) == -1) {
		int error = errno;

		close(it->fd);
		return -error;
	}
	if (local) {
		it->device = file.st_dev;
		it->inode = file.st_ino;
	}
	return 0;
}

int
admin_socket_open(struct admin_socket *it, const struct addr *addr, mode_t mode)
{
	struct addr v4 = { .length = sizeof(v4.v4), .v4 = { .sin_family = AF_INET } };
	int error = open_one(it, addr, mode);

	/* "Every address" of a host without IPv6 is every IPv4 address. */
	if (error == -EAFNOSUPPORT && addr->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&addr->v6.sin6_addr)) {
		addr_set_port(&v4, addr_port(addr));
		error = open_one(it, &v4, mode);
	}
	return error;
}

void
admin_socket_unlink(const struct admin_socket *it)
{
	struct stat file;

	if (addr_is_unix(&it->bound) && stat(it->bound.local.sun_path, &file) == 0 && file.st_dev == it->device &&
	    file.st_ino == it->inode)
		unlink(it->bound.local.sun_path);
}
