/* SPDX-License-Identifier: MIT */
#include "support/echo_upstream.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/peers.h"

enum { ECHO_BUFFER = 4096, BATCH = 64 };

/* Reads only when it holds nothing. */
struct caller {
	LIST_ENTRY(caller) link;
	int fd;
	size_t held, from;
	char bytes[ECHO_BUFFER];
};

struct echo {
	struct caller entrance, stop; /* only their fd counts */
	LIST_HEAD(, caller) callers;
	int loop;
	struct peer_name name;
	pthread_t thread;
};

static void
watch(struct echo *echo, struct caller *caller, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = caller };

	epoll_ctl(echo->loop, operation, caller->fd, &event);
}

static void
welcome(struct echo *echo)
{
	int fd = accept4(echo->entrance.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct caller *caller = fd == -1 ? NULL : calloc(1, sizeof(*caller));

	if (caller == NULL)
		return;
	caller->fd = fd;
	LIST_INSERT_HEAD(&echo->callers, caller, link);
	watch(echo, caller, EPOLL_CTL_ADD, EPOLLIN);
}

static void
dismiss(struct caller *caller)
{
	LIST_REMOVE(caller, link);
	close(caller->fd);
	free(caller);
}

/* False when this caller is through. */
static bool
answer(struct echo *echo, struct caller *caller)
{
	ssize_t moved;

	if (caller->held == 0) {
		moved = recv(caller->fd, caller->bytes, ECHO_BUFFER, 0);
		if (moved <= 0)
			return moved == -1 && errno == EAGAIN;
		caller->held = (size_t)moved;
		caller->from = 0;
	}
	moved = send(caller->fd, caller->bytes + caller->from, caller->held, MSG_NOSIGNAL);
	if (moved == -1 && errno != EAGAIN)
		return false;
	if (moved > 0) {
		caller->from += (size_t)moved;
		caller->held -= (size_t)moved;
	}
	watch(echo, caller, EPOLL_CTL_MOD, caller->held > 0 ? EPOLLOUT : EPOLLIN);
	return true;
}

static void *
serve(void *argument)
{
	struct echo *echo = argument;
	struct epoll_event events[BATCH];

	for (;;) {
		int count = epoll_wait(echo->loop, events, BATCH, -1);

		for (int i = 0; i < count; i++) {
			struct caller *caller = events[i].data.ptr;

			if (caller == &echo->stop)
				return NULL;
			if (caller == &echo->entrance) {
				welcome(echo);
			} else if (!answer(echo, caller)) {
				dismiss(caller);
			}
		}
	}
}

struct echo *
echo_start_on(const char *address)
{
	struct echo *echo = calloc(1, sizeof(*echo));

	ck_assert_ptr_ne(echo, NULL);
	echo->entrance.fd = peer_listen(address);
	echo->name = peer_local(echo->entrance.fd);
	echo->stop.fd = eventfd(0, EFD_CLOEXEC);
	echo->loop = epoll_create1(EPOLL_CLOEXEC);
	watch(echo, &echo->entrance, EPOLL_CTL_ADD, EPOLLIN);
	watch(echo, &echo->stop, EPOLL_CTL_ADD, EPOLLIN);
	ck_assert_int_eq(pthread_create(&echo->thread, NULL, serve, echo), 0);
	return echo;
}

struct echo *
echo_start(void)
{
	return echo_start_on("127.0.0.1:0");
}

const char *
echo_address(const struct echo *echo)
{
	return echo->name.text;
}

void
echo_stop(struct echo *echo)
{
	eventfd_write(echo->stop.fd, 1);
	pthread_join(echo->thread, NULL);
	while (!LIST_EMPTY(&echo->callers))
		dismiss(LIST_FIRST(&echo->callers));
	close(echo->entrance.fd);
	close(echo->stop.fd);
	close(echo->loop);
	free(echo);
}
