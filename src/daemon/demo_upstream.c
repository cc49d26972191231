/* SPDX-License-Identifier: MIT */
#include "daemon/demo_upstream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "daemon/demo_thread.h"
#include "net/socket.h"

#define PREFIX "sockproxy demo: "
#define LINE   PREFIX "one line of an answer, each of them is 64 bytes\n"

enum {
	VISITORS_MAX = 64, /* the next one waits in the kernel's queue */
	INPUT_BYTES = 512,
	LINE_BYTES = sizeof(LINE) - 1,
	BLOCK_BYTES = 256 * LINE_BYTES,
	TURN_BLOCKS = 16, /* what one visitor may get before the others have their turn */
	GIVE_MAX = 16 << 20,
	HOLD_MS_MAX = 60000,
	PAUSE_MS = 500,  /* no descriptors: try again after this */
	SILENCE_S = 600, /* nobody keeps a seat for nothing longer than this */

	POLL_LISTENER = VISITORS_MAX,
	POLL_STOP,
	POLLS,
};

_Static_assert(LINE_BYTES == 64, "as it says itself");

static const char help[] = PREFIX "say GIVE bytes, HOLD ms, RESET bytes or BYE\n";

/* clang-format off */
#define HEADERS \
	"HTTP/1.1 200 OK\r\n" \
	"Content-Type: text/plain\r\n" \
	"Connection: close\r\n" \
	"\r\n"
static const char page[] =
	HEADERS
	PREFIX "this page comes from the upstream that --demo has built in.\n"
	PREFIX "sockproxy carried your request to it, and keeps a record of that:\n"
	PREFIX "  curl 'localhost:9100/conns?state=closed&limit=1'\n"
	PREFIX "(9100 unless -a says otherwise; without --demo, -u names an upstream of yours)\n";
/* clang-format on */

enum ending { STAY, FINISH, RESET };

struct visitor {
	int fd; /* -1: a free seat */
	char input[INPUT_BYTES];
	size_t have;

	const char *answer; /* answer_size bytes that repeat until nothing is owed */
	size_t answer_size, at, owed;
	int64_t hold_until;
	enum ending then; /* once nothing is owed */
	bool asks_by_http, wants_body, fin_sent;
	int64_t moved_at;
};

struct demo_upstream {
	struct demo_thread thread;
	int listener;
	int64_t accept_again_at;
	struct visitor visitors[VISITORS_MAX];
	char block[BLOCK_BYTES];
};

static void
answer_with(struct visitor *visitor, const char *answer, size_t size, size_t owed)
{
	visitor->answer = answer;
	visitor->answer_size = size;
	visitor->at = 0;
	visitor->owed = owed;
}

/* Of an HTTP request only its end matters, after which no byte may stay unread. */
static void
hear_http(struct visitor *visitor, const char *line)
{
	if (*line != '\0')
		return;
	answer_with(visitor, page, sizeof(page) - 1, visitor->wants_body ? sizeof(page) - 1 : sizeof(HEADERS) - 1);
	visitor->then = FINISH;
}

static void
obey(const struct demo_upstream *upstream, struct visitor *visitor, const char *line)
{
	char word[8] = "";
	unsigned long number = 0;

	if (strstr(line, " HTTP/1.") != NULL) {
		visitor->asks_by_http = true;
		visitor->wants_body = strncmp(line, "HEAD ", 5) != 0;
	}
	if (visitor->asks_by_http) {
		hear_http(visitor, line);
		return;
	}
	if (strncmp(line, PREFIX, strlen(PREFIX)) == 0)
		line += strlen(PREFIX);
	sscanf(line, "%7s %9lu", word, &number);
	if (number > GIVE_MAX)
		number = GIVE_MAX;
	size_t whole_lines = (number + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;

	if (strcmp(word, "GIVE") == 0) {
		answer_with(visitor, upstream->block, BLOCK_BYTES, whole_lines);
	} else if (strcmp(word, "RESET") == 0) {
		answer_with(visitor, upstream->block, BLOCK_BYTES, whole_lines);
		visitor->then = RESET;
	} else if (strcmp(word, "HOLD") == 0) {
		visitor->hold_until = clock_now() + (int64_t)(number < HOLD_MS_MAX ? number : HOLD_MS_MAX) * NS_PER_MS;
	} else if (strcmp(word, "BYE") == 0) {
		answer_with(visitor, upstream->block, BLOCK_BYTES, LINE_BYTES);
		visitor->then = FINISH;
	} else {
		answer_with(visitor, help, sizeof(help) - 1, sizeof(help) - 1);
	}
}

/* A line that does not fit is cut in two; no line of ours is that long.  False: none is complete. */
static bool
take_line(struct visitor *visitor, char line[INPUT_BYTES + 1])
{
	char *end = memchr(visitor->input, '\n', visitor->have);
	size_t length = end == NULL ? visitor->have : (size_t)(end - visitor->input);
	size_t used = end == NULL ? length : length + 1;

	if (end == NULL && visitor->have < INPUT_BYTES)
		return false;
	memcpy(line, visitor->input, length);
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	visitor->have -= used;
	memmove(visitor->input, visitor->input + used, visitor->have);
	return true;
}

/* Bytes read, or as socket_recv.  After our FIN nothing that comes is of interest. */
static ssize_t
hear(struct visitor *visitor)
{
	if (visitor->fin_sent)
		visitor->have = 0;
	ssize_t got = socket_recv(visitor->fd, visitor->input + visitor->have, INPUT_BYTES - visitor->have);
	if (got > 0)
		visitor->have += (size_t)got;
	return got;
}

/* Bytes sent, or -errno. */
static ssize_t
pay(struct visitor *visitor)
{
	size_t chunk = visitor->answer_size - visitor->at;
	ssize_t sent = socket_send(
	    visitor->fd, visitor->answer + visitor->at, chunk < visitor->owed ? chunk : visitor->owed);

	if (sent > 0) {
		visitor->owed -= (size_t)sent;
		visitor->at = (visitor->at + (size_t)sent) % visitor->answer_size;
	}
	return sent;
}

/* Does what can be done now.  False: it is over, and the descriptor is closed. */
static bool
serve(const struct demo_upstream *upstream, struct visitor *visitor)
{
	char line[INPUT_BYTES + 1];

	for (int i = 0; i < TURN_BLOCKS && clock_now() >= visitor->hold_until; i++) {
		ssize_t moved = 1;

		if (visitor->owed > 0) {
			moved = pay(visitor);
		} else if (visitor->then == RESET) {
			socket_abort(visitor->fd);
			return false;
		} else if (visitor->then == FINISH && !visitor->fin_sent) {
			socket_shutdown(visitor->fd);
			visitor->fin_sent = true;
		} else if (!visitor->fin_sent && take_line(visitor, line)) {
			obey(upstream, visitor, line);
		} else {
			moved = hear(visitor);
		}
		if (moved == -EAGAIN)
			return true;
		if (moved <= 0) {
			close(visitor->fd);
			return false;
		}
		visitor->moved_at = clock_now();
	}
	return true;
}

static struct visitor *
find_seat(struct demo_upstream *upstream)
{
	for (int i = 0; i < VISITORS_MAX; i++)
		if (upstream->visitors[i].fd == -1)
			return &upstream->visitors[i];
	return NULL;
}

static void
accept_visitors(struct demo_upstream *upstream)
{
	struct visitor *visitor;

	while ((visitor = find_seat(upstream)) != NULL) {
		int fd = accept4(upstream->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				upstream->accept_again_at = clock_now() + PAUSE_MS * NS_PER_MS;
			return;
		}
		*visitor = (struct visitor){ .fd = fd, .moved_at = clock_now() };
	}
}

/* There is something to do without anything being heard first. */
static bool
has_work(const struct visitor *visitor)
{
	return visitor->owed > 0 || (visitor->then != STAY && !visitor->fin_sent) ||
	       (!visitor->fin_sent && memchr(visitor->input, '\n', visitor->have) != NULL);
}

/* What to wait for, and until when at most. */
static int64_t
look_ahead(struct demo_upstream *upstream, struct pollfd *polls, int64_t now)
{
	bool resting = now < upstream->accept_again_at;
	bool accepting = !resting && find_seat(upstream) != NULL;
	int64_t until = resting ? upstream->accept_again_at : now + SILENCE_S * NS_PER_S;

	polls[POLL_STOP] = (struct pollfd){ .fd = upstream->thread.stop_fd, .events = POLLIN };
	polls[POLL_LISTENER] = (struct pollfd){ .fd = accepting ? upstream->listener : -1, .events = POLLIN };
	for (int i = 0; i < VISITORS_MAX; i++) {
		const struct visitor *visitor = &upstream->visitors[i];
		bool holding = visitor->fd != -1 && now < visitor->hold_until;

		polls[i] = (struct pollfd){ .fd = visitor->fd,
			.events = holding             ? 0
				  : has_work(visitor) ? POLLOUT
						      : POLLIN };
		if (holding && visitor->hold_until < until)
			until = visitor->hold_until;
	}
	return until;
}

static void
serve_visitors(struct demo_upstream *upstream, const struct pollfd *polls, int64_t now)
{
	for (int i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &upstream->visitors[i];
		bool lost = now < visitor->hold_until && (polls[i].revents & (POLLERR | POLLHUP)) != 0;

		if (visitor->fd == -1)
			continue;
		if (lost || now - visitor->moved_at > SILENCE_S * NS_PER_S) {
			close(visitor->fd);
			visitor->fd = -1;
		} else if (polls[i].revents != 0 && !serve(upstream, visitor)) {
			visitor->fd = -1;
		}
	}
}

static void *
run(void *argument)
{
	struct demo_upstream *upstream = argument;
	struct pollfd polls[POLLS];

	do {
		int64_t now = clock_now();
		int64_t until = look_ahead(upstream, polls, now);

		poll(polls, POLLS, (int)((until - now) / NS_PER_MS) + 1);
		serve_visitors(upstream, polls, clock_now());
		if (polls[POLL_LISTENER].revents != 0)
			accept_visitors(upstream);
	} while (polls[POLL_STOP].revents == 0);
	return NULL;
}

static int
start_listening(struct demo_upstream *upstream, struct addr *bound)
{
	*bound = (struct addr){ .length = sizeof(bound->v4),
		.v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	upstream->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (upstream->listener == -1)
		return -errno;
	if (bind(upstream->listener, &bound->any, bound->length) == -1 || listen(upstream->listener, SOMAXCONN) == -1 ||
	    getsockname(upstream->listener, &bound->any, &bound->length) == -1) {
		int error = -errno;

		close(upstream->listener);
		return error;
	}
	return 0;
}

int
demo_upstream_start(struct demo_upstream **upstream, struct addr *bound)
{
	struct demo_upstream *it = calloc(1, sizeof(*it));

	if (it == NULL)
		return -ENOMEM;
	for (size_t at = 0; at < BLOCK_BYTES; at += LINE_BYTES)
		memcpy(it->block + at, LINE, LINE_BYTES);
	for (int i = 0; i < VISITORS_MAX; i++)
		it->visitors[i].fd = -1;
	int error = start_listening(it, bound);
	if (error == 0) {
		error = demo_thread_start(&it->thread, "demo-upstream", run, it);
		if (error != 0)
			close(it->listener);
	}
	if (error != 0) {
		free(it);
		return error;
	}
	*upstream = it;
	return 0;
}

void
demo_upstream_stop(struct demo_upstream *upstream)
{
	demo_thread_stop(&upstream->thread);
	for (int i = 0; i < VISITORS_MAX; i++)
		if (upstream->visitors[i].fd != -1)
			close(upstream->visitors[i].fd);
	close(upstream->listener);
	free(upstream);
}
