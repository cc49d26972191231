/* SPDX-License-Identifier: MIT */
#include "support/peers.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "support/wait_until.h"

enum { QUIET_MS = 150, PIECE = 1 << 16, SMALL_SEGMENT = 536 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static socklen_t
read_address(union address *address, const char *text)
{
	char ip[PEER_NAME_MAX];
	const char *colon = strrchr(text, ':');

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0) {
		address->local.sun_family = AF_UNIX;
		ck_assert_uint_lt(strlen(text + 5), sizeof(address->local.sun_path));
		strcpy(address->local.sun_path, text + 5);
		return sizeof(address->local);
	}
	ck_assert_ptr_ne(colon, NULL);
	snprintf(ip, sizeof(ip), "%.*s", (int)(colon - text), text);
	if (ip[0] == '[') {
		ip[strlen(ip) - 1] = '\0';
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)atoi(colon + 1));
		ck_assert_int_eq(inet_pton(AF_INET6, ip + 1, &address->v6.sin6_addr), 1);
		return sizeof(address->v6);
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons((uint16_t)atoi(colon + 1));
	ck_assert_int_eq(inet_pton(AF_INET, ip, &address->v4.sin_addr), 1);
	return sizeof(address->v4);
}

static struct peer_name
write_address(const union address *address)
{
	struct peer_name name = { "" };
	char ip[INET6_ADDRSTRLEN];

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->v4.sin_addr, ip, sizeof(ip));
		snprintf(name.text, sizeof(name.text), "%s:%u", ip, ntohs(address->v4.sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &address->v6.sin6_addr, ip, sizeof(ip));
		snprintf(name.text, sizeof(name.text), "[%s]:%u", ip, ntohs(address->v6.sin6_port));
		break;
	case AF_UNIX:
		snprintf(name.text, sizeof(name.text), "unix:%s", address->local.sun_path);
		break;
	}
	return name;
}

static int
open_socket(const union address *address, int receive_buffer)
{
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int segment = SMALL_SEGMENT;
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (receive_buffer > 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
		/* The sender's kernel makes its queue as long as ten segments or more need. */
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	}
	return fd;
}

int
peer_listen_with(const char *text, int backlog, int receive_buffer)
{
	union address address;
	socklen_t length = read_address(&address, text);
	int fd = open_socket(&address, receive_buffer), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_msg(bind(fd, &address.any, length) == 0, "bind %s: %s", text, strerror(errno));
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

int
peer_listen(const char *text)
{
	return peer_listen_with(text, SOMAXCONN, 0);
}

int
peer_accept(int listener)
{
	struct pollfd wanted = { .fd = listener, .events = POLLIN };
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd;

	ck_assert_msg(poll(&wanted, 1, PATIENCE_MS) == 1, "nobody connects to %s", peer_local(listener).text);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static int
connect_from(const char *source, const char *text, int receive_buffer)
{
	union address address, own;
	socklen_t length = read_address(&address, text);
	int fd = open_socket(&address, receive_buffer);

	if (source != NULL) {
		socklen_t own_length = read_address(&own, source);

		ck_assert_msg(bind(fd, &own.any, own_length) == 0, "bind %s: %s", source, strerror(errno));
	}
	if (connect(fd, &address.any, length) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

int
peer_try_connect(const char *text, int receive_buffer)
{
	return connect_from(NULL, text, receive_buffer);
}

int
peer_try_connect_from(const char *source, const char *text)
{
	return connect_from(source, text, 0);
}

int
peer_connect(const char *text)
{
	int fd = peer_try_connect(text, 0);

	ck_assert_msg(fd >= 0, "connect to %s: %s", text, strerror(-fd));
	return fd;
}

struct peer_name
peer_local(int fd)
{
	union address address = { .any.sa_family = AF_UNSPEC };
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
	return write_address(&address);
}

struct peer_name
peer_remote(int fd)
{
	union address address = { .any.sa_family = AF_UNSPEC };
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getpeername(fd, &address.any, &length), 0);
	return write_address(&address);
}

struct peer_name
peer_nowhere(void)
{
	int fd = peer_listen("127.0.0.1:0");
	struct peer_name name = peer_local(fd);

	close(fd);
	return name;
}

int
peer_listen_full(const char *address, int *filler)
{
	int listener = peer_listen_with(address, 0, 0);

	*filler = peer_connect(peer_local(listener).text);
	return listener;
}

void
peer_send(int fd, const void *bytes, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t taken = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);

		ck_assert_msg(taken != -1, "send: %s after %zu of %zu bytes", strerror(errno), sent, size);
		sent += (size_t)taken;
	}
}

void
peer_say(int fd, const char *text)
{
	peer_send(fd, text, strlen(text));
}

void
peer_expect(int fd, const char *text)
{
	char got[512] = "";
	size_t size = strlen(text), have = 0;

	ck_assert_uint_lt(size, sizeof(got));
	while (have < size) {
		ssize_t more = recv(fd, got + have, size - have, 0);

		ck_assert_msg(more > 0, "got \"%s\" and then %s, wanted \"%s\"", got,
		    more == 0 ? "the end" : strerror(errno), text);
		have += (size_t)more;
	}
	ck_assert_str_eq(got, text);
}

void
peer_finish(int fd)
{
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
}

void
peer_close(int *fd)
{
	ck_assert_int_eq(close(*fd), 0);
	*fd = -1;
}

void
peer_reset(int *fd)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	peer_close(fd);
}

/* A prime period, so that a block lost, doubled or displaced shows. */
static char
pattern_at(size_t place)
{
	return (char)(place % 251);
}

static void
write_pattern(char *bytes, size_t from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern_at(from + i);
}

void
peer_send_pattern(int fd, size_t from, size_t size)
{
	static _Thread_local char piece[PIECE];

	for (size_t sent = 0; sent < size;) {
		size_t now = size - sent < PIECE ? size - sent : PIECE;

		write_pattern(piece, from + sent, now);
		peer_send(fd, piece, now);
		sent += now;
	}
}

void
peer_send_to_reset(int fd)
{
	static const char piece[PIECE];
	enum { ENDLESS = 1 << 30 };
	ssize_t taken = 0;

	for (size_t sent = 0; taken != -1; sent += (size_t)taken) {
		ck_assert_uint_lt(sent, ENDLESS);
		taken = send(fd, piece, PIECE, MSG_NOSIGNAL);
	}
	ck_assert_int_eq(errno, ECONNRESET);
}

static void
check_pattern(const char *bytes, size_t from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != pattern_at(from + i))
			ck_abort_msg("byte %zu is not what was sent", from + i);
	}
}

void
peer_expect_pattern(int fd, size_t from, size_t size)
{
	static _Thread_local char piece[PIECE];

	for (size_t have = 0; have < size;) {
		size_t want = size - have < PIECE ? size - have : PIECE;
		ssize_t got = recv(fd, piece, want, 0);

		ck_assert_msg(got > 0, "after %zu of %zu bytes: %s", have, size, got == 0 ? "end" : strerror(errno));
		check_pattern(piece, from + have, (size_t)got);
		have += (size_t)got;
	}
}

/* How much was taken; *error: 0, or errno of a send that met the end. */
static size_t
fill(int fd, int *error)
{
	static _Thread_local char piece[PIECE];
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	size_t total = 0;

	while (poll(&room, 1, QUIET_MS) == 1) {
		write_pattern(piece, total, PIECE);
		ssize_t taken = send(fd, piece, PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (taken == -1 && errno == EAGAIN)
			continue;
		if (taken == -1) {
			*error = errno;
			return total;
		}
		total += (size_t)taken;
	}
	*error = 0;
	return total;
}

size_t
peer_fill(int fd)
{
	int error;
	size_t total = fill(fd, &error);

	ck_assert_msg(error == 0, "send: %s after %zu bytes", strerror(error), total);
	return total;
}

void
peer_fill_or_be_cut(int fd)
{
	int error;

	fill(fd, &error);
	ck_assert(error == 0 || error == ECONNRESET || error == EPIPE);
}

static size_t
read_all(int fd, int *error)
{
	static _Thread_local char piece[PIECE];
	size_t total = 0;
	ssize_t got;

	while ((got = recv(fd, piece, PIECE, 0)) > 0)
		total += (size_t)got;
	*error = got == 0 ? 0 : errno;
	return total;
}

size_t
peer_read_to_end(int fd)
{
	int error;
	size_t total = read_all(fd, &error);

	ck_assert_msg(error == 0, "wanted the end after %zu bytes, got %s", total, strerror(error));
	return total;
}

size_t
peer_read_to_reset(int fd)
{
	int error;
	size_t total = read_all(fd, &error);

	ck_assert_msg(error == ECONNRESET, "wanted a reset after %zu bytes, got %s", total,
	    error == 0 ? "an end of file" : strerror(error));
	return total;
}

void
peer_expect_end(int fd)
{
	ck_assert_uint_eq(peer_read_to_end(fd), 0);
}

void
peer_expect_reset(int fd)
{
	ck_assert_uint_eq(peer_read_to_reset(fd), 0);
}

int
peer_await_error(int fd)
{
	struct pollfd wanted = { .fd = fd };
	socklen_t length = sizeof(int);
	int error = 0;

	ck_assert_msg(poll(&wanted, 1, PATIENCE_MS) == 1, "the socket goes on living");
	ck_assert_int_ne(wanted.revents & POLLERR, 0);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

struct errand {
	void (*work)(int fd);
	int fd;
};

static void *
run_errand(void *argument)
{
	struct errand errand = *(struct errand *)argument;

	free(argument);
	errand.work(errand.fd);
	return NULL;
}

pthread_t
peer_begin(void (*work)(int fd), int fd)
{
	struct errand *errand = malloc(sizeof(*errand));
	pthread_t thread;

	ck_assert_ptr_ne(errand, NULL);
	*errand = (struct errand){ work, fd };
	ck_assert_int_eq(pthread_create(&thread, NULL, run_errand, errand), 0);
	return thread;
}

/* What it waits for has its own patience. */
void
peer_join(pthread_t thread)
{
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
