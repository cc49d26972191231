/* SPDX-License-Identifier: MIT */
#include "daemon/demo_clients.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "daemon/demo_thread.h"
#include "net/socket.h"

#define SAY(words) SAY, 0, "sockproxy demo: " words "\n"

enum {
	SEATS = 16, /* a scene that finds none is left out this time */
	SIP_BYTES = 24 * 1024,
	SIP_MS = 250,
	NARROW_BYTES = 16 * 1024,
	FIRST_MS = 120, /* at the start, one scene after the other */

	POLL_STOP = SEATS,
	POLLS,
};

enum act {
	LEAVE, /* close, which ends the scene */
	SAY,
	HEAR,     /* so many bytes */
	HEAR_OUT, /* to the end, whether it is a good one or not */
	SIP,      /* so many bytes, slowly */
	PAUSE,    /* so many milliseconds */
	FINISH,   /* FIN; go on listening */
	ABORT,    /* RST, which ends the scene */
	AGAIN,    /* from the top, so many times in all */
};

struct step {
	enum act act;
	unsigned number;
	const char *words;
};

/* clang-format off */
static const struct step request_and_answer[] = {
	{ SAY("GIVE 500") }, { HEAR, 512, NULL }, { LEAVE, 0, NULL },
};
static const struct step chat[] = { /* two minutes */
	{ SAY("GIVE 100") },  { HEAR, 128, NULL },  { PAUSE, 900, NULL },
	{ SAY("GIVE 2000") }, { HEAR, 2048, NULL }, { PAUSE, 1500, NULL },
	{ AGAIN, 50, NULL },  { LEAVE, 0, NULL },
};
static const struct step idle[] = {
	{ SAY("GIVE 64") }, { HEAR, 64, NULL }, { PAUSE, 180000, NULL }, { LEAVE, 0, NULL },
};
static const struct step slow_reader[] = { /* a minute; more than the kernels on the way hold for it */
	{ SAY("GIVE 6000000") }, { SIP, 6000000, NULL }, { LEAVE, 0, NULL },
};
static const struct step half_close[] = {
	{ SAY("HOLD 700") }, { SAY("GIVE 100000") }, { FINISH, 0, NULL }, { HEAR_OUT, 0, NULL }, { LEAVE, 0, NULL },
};
static const struct step client_reset[] = {
	{ SAY("GIVE 3000000") }, { HEAR, 20000, NULL }, { ABORT, 0, NULL },
};
static const struct step upstream_reset[] = {
	{ SAY("RESET 3000") }, { HEAR_OUT, 0, NULL }, { LEAVE, 0, NULL },
};
static const struct step upstream_first[] = {
	{ SAY("GIVE 1000") }, { SAY("BYE") }, { HEAR_OUT, 0, NULL }, { LEAVE, 0, NULL },
};
static const struct step abandon[] = { /* closes before its answer comes, which then finds nobody */
	{ SAY("HOLD 300") }, { SAY("GIVE 5000") }, { FINISH, 0, NULL }, { PAUSE, 50, NULL }, { LEAVE, 0, NULL },
};
static const struct step probe[] = {
	{ PAUSE, 30, NULL }, { LEAVE, 0, NULL },
};
static const struct step download[] = {
	{ SAY("GIVE 4000000") }, { SAY("BYE") }, { HEAR_OUT, 0, NULL }, { LEAVE, 0, NULL },
};

/* In the steady state about three new connections a second, and a dozen at once. */
static const struct scene {
	const struct step *steps;
	int every_ms;
	bool narrow; /* a small receive window */
} scenes[] = {
	{ request_and_answer,    500, false },
	{ chat,                20000, false },
	{ half_close,           5000, false },
	{ client_reset,         7000, false },
	{ idle,                60000, false },
	{ upstream_reset,       9000, false },
	{ slow_reader,         70000, true },
	{ upstream_first,       3000, false },
	{ abandon,             11000, false },
	{ probe,               13000, false },
	{ download,            17000, false },
};
/* clang-format on */

enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

struct seat {
	int fd; /* -1: free */
	const struct scene *scene;
	const struct step *step;
	unsigned rounds;
	size_t done;   /* of this step */
	int64_t until; /* of this step; 0: not waiting */
	short events;  /* what it waits for otherwise */
};

struct demo_clients {
	struct demo_thread thread;
	struct addr to;
	_Atomic uint64_t played;
	int64_t next_at[SCENES];
	struct seat seats[SEATS];
};

enum progress {
	NEXT,
	WAIT,
	OVER, /* the scene ended where it should not; the descriptor is still open */
	PLAYED,
};

static enum progress
wait_for(struct seat *seat, short events)
{
	seat->events = events;
	return WAIT;
}

static enum progress
say(struct seat *seat)
{
	const char *words = seat->step->words;
	ssize_t sent = socket_send(seat->fd, words + seat->done, strlen(words) - seat->done);

	if (sent == -EAGAIN)
		return wait_for(seat, POLLOUT);
	if (sent < 0)
		return OVER;
	seat->done += (size_t)sent;
	return words[seat->done] == '\0' ? NEXT : wait_for(seat, POLLOUT);
}

/* One read of at most so many bytes; what they say is of no interest. */
static ssize_t
swallow(struct seat *seat, size_t most)
{
	char bytes[SIP_BYTES];
	ssize_t got = socket_recv(seat->fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes));

	if (got > 0)
		seat->done += (size_t)got;
	return got;
}

static enum progress
hear(struct seat *seat)
{
	ssize_t got = swallow(seat, seat->step->number - seat->done);

	if (got == -EAGAIN)
		return wait_for(seat, POLLIN);
	if (got <= 0)
		return OVER;
	return seat->done == seat->step->number ? NEXT : wait_for(seat, POLLIN);
}

static enum progress
hear_out(struct seat *seat)
{
	ssize_t got = swallow(seat, SIP_BYTES);

	return got > 0 || got == -EAGAIN ? wait_for(seat, POLLIN) : NEXT;
}

static enum progress
sip(struct seat *seat, int64_t now)
{
	if (now < seat->until)
		return WAIT;
	enum progress progress = hear(seat);
	seat->until = now + SIP_MS * NS_PER_MS;
	seat->events = 0;
	return progress;
}

/* Who is hung up on meanwhile has nothing more to play. */
static enum progress
rest(struct seat *seat, int64_t now)
{
	if (seat->until == 0)
		seat->until = now + seat->step->number * NS_PER_MS;
	return now < seat->until ? wait_for(seat, POLLRDHUP) : NEXT;
}

static enum progress
take_step(struct seat *seat, int64_t now)
{
	switch (seat->step->act) {
	case SAY:
		return say(seat);
	case HEAR:
		return hear(seat);
	case HEAR_OUT:
		return hear_out(seat);
	case SIP:
		return sip(seat, now);
	case PAUSE:
		return rest(seat, now);
	case FINISH:
		return socket_shutdown(seat->fd) == 0 ? NEXT : OVER;
	case AGAIN:
		return NEXT;
	case ABORT:
		socket_abort(seat->fd);
		return PLAYED;
	case LEAVE:
		close(seat->fd);
		return PLAYED;
	}
	return OVER;
}

static void
play(struct demo_clients *clients, struct seat *seat, int64_t now)
{
	enum progress progress;

	while ((progress = take_step(seat, now)) == NEXT) {
		bool again = seat->step->act == AGAIN && ++seat->rounds < seat->step->number;

		seat->step = again ? seat->scene->steps : seat->step + 1;
		seat->done = 0;
		seat->until = 0;
	}
	if (progress == WAIT)
		return;
	if (progress == OVER)
		close(seat->fd);
	else
		atomic_fetch_add_explicit(&clients->played, 1, memory_order_relaxed);
	seat->fd = -1;
}

/* -1: not now.  Whatever is short, the scene has its next turn. */
static int
begin_connect(const struct addr *to, bool narrow)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int window = NARROW_BYTES;

	if (fd == -1)
		return -1;
	if (narrow)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
	if (connect(fd, &to->any, to->length) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void
begin_scene(struct demo_clients *clients, const struct scene *scene, int64_t now)
{
	for (int i = 0; i < SEATS; i++) {
		struct seat *seat = &clients->seats[i];

		if (seat->fd != -1)
			continue;
		*seat = (struct seat){ .scene = scene, .step = scene->steps };
		seat->fd = begin_connect(&clients->to, scene->narrow);
		if (seat->fd != -1)
			play(clients, seat, now);
		return;
	}
}

static void
begin_what_is_due(struct demo_clients *clients, int64_t now)
{
	for (int i = 0; i < SCENES; i++) {
		if (now < clients->next_at[i])
			continue;
		clients->next_at[i] = now + scenes[i].every_ms * NS_PER_MS;
		begin_scene(clients, &scenes[i], now);
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What to wait for, and until when at most. */
static int64_t
look_ahead(const struct demo_clients *clients, struct pollfd *polls)
{
	int64_t until = INT64_MAX;

	for (int i = 0; i < SCENES; i++)
		until = earlier(until, clients->next_at[i]);
	polls[POLL_STOP] = (struct pollfd){ .fd = clients->thread.stop_fd, .events = POLLIN };
	for (int i = 0; i < SEATS; i++) {
		const struct seat *seat = &clients->seats[i];

		polls[i] = (struct pollfd){ .fd = seat->fd, .events = seat->events };
		if (seat->fd != -1 && seat->until != 0)
			until = earlier(until, seat->until);
	}
	return until;
}

static void
play_on(struct demo_clients *clients, const struct pollfd *polls, int64_t now)
{
	for (int i = 0; i < SEATS; i++) {
		struct seat *seat = &clients->seats[i];
		bool is_due = seat->until != 0 && now >= seat->until;
		bool is_hung_up_on = seat->until != 0 && (polls[i].revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0;

		if (seat->fd == -1)
			continue;
		if (is_hung_up_on) {
			close(seat->fd);
			seat->fd = -1;
		} else if (polls[i].revents != 0 || is_due) {
			play(clients, seat, now);
		}
	}
}

static void *
run(void *argument)
{
	struct demo_clients *clients = argument;
	struct pollfd polls[POLLS];

	do {
		int64_t now = clock_now();

		begin_what_is_due(clients, now);
		int64_t left = look_ahead(clients, polls) - now;
		poll(polls, POLLS, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0);
		play_on(clients, polls, clock_now());
	} while (polls[POLL_STOP].revents == 0);
	return NULL;
}

/* Who listens on every address is reached over loopback. */
static struct addr
loopback_of(const struct addr *listener)
{
	struct addr to = *listener;

	if (to.any.sa_family == AF_INET && to.v4.sin_addr.s_addr == htonl(INADDR_ANY))
		to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (to.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&to.v6.sin6_addr))
		to.v6.sin6_addr = in6addr_loopback;
	return to;
}

int
demo_clients_start(struct demo_clients **clients, const struct addr *to)
{
	struct demo_clients *it = calloc(1, sizeof(*it));
	int64_t now = clock_now();

	if (it == NULL)
		return -ENOMEM;
	it->to = loopback_of(to);
	for (int i = 0; i < SCENES; i++)
		it->next_at[i] = now + (int64_t)i * FIRST_MS * NS_PER_MS;
	for (int i = 0; i < SEATS; i++)
		it->seats[i].fd = -1;
	int error = demo_thread_start(&it->thread, "demo-clients", run, it);
	if (error != 0) {
		free(it);
		return error;
	}
	*clients = it;
	return 0;
}

void
demo_clients_stop(struct demo_clients *clients)
{
	demo_thread_stop(&clients->thread);
	for (int i = 0; i < SEATS; i++)
		if (clients->seats[i].fd != -1)
			close(clients->seats[i].fd);
	free(clients);
}

uint64_t
demo_clients_played(const struct demo_clients *clients)
{
	return atomic_load_explicit(&clients->played, memory_order_relaxed);
}
