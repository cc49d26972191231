/* SPDX-License-Identifier: MIT */
#include "support/fake_admin.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/wait_until.h"

enum { REQUESTS_MAX = 64, REQUEST_MAX = 40000 };

struct fake_admin {
	const struct fake_answer *answers;
	int count, listener, bell[2];
	struct peer_name name;
	pthread_t thread;
	_Atomic int asked;
	char *requests[REQUESTS_MAX];
	int held[REQUESTS_MAX];
};

/* False: it is told to stop. */
static bool
ready(struct fake_admin *fake, int fd)
{
	struct pollfd polls[] = { { fd, POLLIN, 0 }, { fake->bell[0], POLLIN, 0 } };

	poll(polls, 2, -1);
	return polls[1].revents == 0;
}

/* A request without a body, up to its empty line; NULL: none came. */
static char *
read_request(struct fake_admin *fake, int fd)
{
	char *request = calloc(1, REQUEST_MAX);
	size_t length = 0;

	while (strstr(request, "\r\n\r\n") == NULL) {
		ssize_t got = !ready(fake, fd) || length + 1 == REQUEST_MAX
				  ? 0
				  : recv(fd, request + length, REQUEST_MAX - 1 - length, 0);

		if (got <= 0) {
			free(request);
			return NULL;
		}
		length += (size_t)got;
	}
	return request;
}

static void *
run(void *context)
{
	struct fake_admin *fake = context;

	while (ready(fake, fake->listener)) {
		int fd = accept(fake->listener, NULL, NULL), number = fake->asked;
		char *request = fd == -1 ? NULL : read_request(fake, fd);

		if (request == NULL || number == REQUESTS_MAX) {
			free(request);
			close(fd);
			continue;
		}
		const struct fake_answer *answer = &fake->answers[number < fake->count ? number : fake->count - 1];
		size_t sent = 0, length = strlen(answer->bytes);
		while (sent < length) {
			ssize_t put = send(fd, answer->bytes + sent, length - sent, MSG_NOSIGNAL);

			if (put <= 0)
				break;
			sent += (size_t)put;
		}
		fake->requests[number] = request;
		if (answer->hold)
			fake->held[number] = fd;
		else
			close(fd);
		fake->asked = number + 1;
	}
	return NULL;
}

struct fake_admin *
fake_admin_start(const char *address, const struct fake_answer *answers, int count)
{
	struct fake_admin *fake = calloc(1, sizeof(*fake));

	ck_assert_ptr_nonnull(fake);
	fake->answers = answers;
	fake->count = count;
	fake->listener = peer_listen(address);
	fake->name = peer_local(fake->listener);
	ck_assert_int_eq(pipe(fake->bell), 0);
	ck_assert_int_eq(pthread_create(&fake->thread, NULL, run, fake), 0);
	return fake;
}

const char *
fake_admin_address(const struct fake_admin *fake)
{
	return fake->name.text;
}

const char *
fake_admin_asked(struct fake_admin *fake, int number)
{
	wait_until(fake->asked > number);
	return fake->requests[number];
}

void
fake_admin_stop(struct fake_admin *fake)
{
	close(fake->bell[1]);
	pthread_join(fake->thread, NULL);
	close(fake->bell[0]);
	close(fake->listener);
	for (int i = 0; i < fake->asked; i++) {
		free(fake->requests[i]);
		if (fake->held[i] > 0)
			close(fake->held[i]);
	}
	free(fake);
}
