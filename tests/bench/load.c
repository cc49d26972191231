/* SPDX-License-Identifier: MIT */
/*
 * Load for a proxy, and the target behind it, as two threads of one process.
 *
 *   load TARGET-PORT
 *
 * The target listens on every address at TARGET-PORT: it answers each message with the same bytes, and swallows what
 * follows a first byte of BULK.  Jobs come by lines of input, and each is answered by a line:
 *
 *   PORT pingpong CONNECTIONS SECONDS   COUNT NANOSECONDS P50 P99   64 bytes there and back, one under way on each
 *   PORT beside CONNECTIONS SECONDS     COUNT NANOSECONDS P50 P99   the same, while 16 streams go one way
 *   PORT connect CONNECTIONS SECONDS    COUNT NANOSECONDS P50 P99   connect, one message there and back, close
 *   PORT bulk STREAMS SECONDS           BYTES NANOSECONDS 0 0       one way, as fast as it goes
 *   PORT idle CONNECTIONS 0             COUNT NANOSECONDS 0 0       opened, one message each, and held until the next of its kind
 *
 * What comes back is compared with what was sent, and of what goes one way all must arrive: else the load ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MESSAGE = 64,
	BULK = 'B',
	PIECE = 256 * 1024,
	CONNECTIONS_MAX = 10000,
	DESCRIPTORS_MAX = 65536,
	SAMPLES_MAX = 1 << 20,
	STREAMS_BESIDE = 16,
	EVENTS = 256,
};

static _Atomic long swallowed;           /* bytes of bulk that reached the target */
static bool is_bulk[DESCRIPTORS_MAX];    /* the target's connections, by descriptor */
static bool is_stream[DESCRIPTORS_MAX];  /* the load's */
static long poured;                      /* bytes that the load sent by streams */
static long asked_at[DESCRIPTORS_MAX];   /* the load's, by descriptor */
static int came_back[DESCRIPTORS_MAX];   /* bytes of the answer so far */
static long samples[SAMPLES_MAX], taken; /* how long transactions took: the first ones, then each in turn anew */
static char piece[PIECE];

static void
check(long result, const char *what)
{
	if (result == -1) {
		perror(what);
		exit(1);
	}
}

static long
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void
watch(int epoll, int fd, unsigned events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void
set_nodelay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* The target. */

static int
listen_at(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	check(fd, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(fd, (struct sockaddr *)&at, sizeof(at)), "bind");
	check(listen(fd, SOMAXCONN), "listen");
	return fd;
}

static void
take_clients(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) != -1) {
		if (fd >= DESCRIPTORS_MAX) {
			close(fd);
			continue;
		}
		set_nodelay(fd);
		is_bulk[fd] = false;
		watch(epoll, fd, EPOLLIN);
	}
}

static void
answer(int fd)
{
	static char bytes[PIECE];
	ssize_t count = recv(fd, bytes, sizeof(bytes), 0);

	if (count <= 0) {
		if (count == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	is_bulk[fd] |= bytes[0] == BULK;
	if (is_bulk[fd])
		atomic_fetch_add_explicit(&swallowed, count, memory_order_relaxed);
	else if (send(fd, bytes, (size_t)count, MSG_NOSIGNAL) != count)
		close(fd);
}

static void *
serve(void *argument)
{
	int listener = *(int *)argument, epoll = epoll_create1(0);
	struct epoll_event events[EVENTS];

	watch(epoll, listener, EPOLLIN);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				take_clients(epoll, listener);
			else
				answer(events[i].data.fd);
		}
	}
	return NULL;
}

/* The load. */

static int
connect_to(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd, "socket");
	check(connect(fd, (struct sockaddr *)&at, sizeof(at)), "connect");
	set_nodelay(fd);
	check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	return fd;
}

static const char message[MESSAGE] = "question, and as much more as it takes to make sixty-four bytes";

static void
ask(int fd)
{
	asked_at[fd] = now_ns();
	came_back[fd] = 0;
	check(send(fd, message, MESSAGE, MSG_NOSIGNAL), "send");
}

static int
compare(const void *one, const void *other)
{
	long a = *(const long *)one, b = *(const long *)other;

	return a < b ? -1 : a > b;
}

static void
report(long count, long ns)
{
	long kept = taken < SAMPLES_MAX ? taken : SAMPLES_MAX;

	qsort(samples, (size_t)kept, sizeof(samples[0]), compare);
	printf("%ld %ld %ld %ld\n", count, ns, kept == 0 ? 0 : samples[kept / 2],
	    kept == 0 ? 0 : samples[kept * 99 / 100]);
	fflush(stdout);
}

/* True: the answer is whole. */
static bool
take_answer(int fd)
{
	char bytes[MESSAGE];
	ssize_t count = recv(fd, bytes, sizeof(bytes) - (size_t)came_back[fd], 0);

	if (count == -1 && errno == EAGAIN)
		return false;
	check(count > 0 && memcmp(bytes, message + came_back[fd], (size_t)count) == 0 ? 0 : -1, "another answer");
	came_back[fd] += (int)count;
	if (came_back[fd] < MESSAGE)
		return false;
	samples[taken++ % SAMPLES_MAX] = now_ns() - asked_at[fd];
	return true;
}

static void
open_streams(int epoll, int port, int fds[], int streams)
{
	memset(piece, BULK, sizeof(piece));
	for (int i = 0; i < streams; i++) {
		fds[i] = connect_to(port);
		is_stream[fds[i]] = true;
		watch(epoll, fds[i], EPOLLOUT);
	}
}

static void
pour_on(int fd)
{
	ssize_t sent = send(fd, piece, sizeof(piece), MSG_NOSIGNAL);

	check(sent == -1 && errno == EAGAIN ? 0 : sent, "send");
	poured += sent > 0 ? sent : 0;
}

/* Until the target has got all that was sent. */
static void
close_streams(const int fds[], int streams)
{
	long until = now_ns() + 20 * 1000000000L;

	for (int i = 0; i < streams; i++) {
		check(shutdown(fds[i], SHUT_WR), "shutdown");
		is_stream[fds[i]] = false;
	}
	while (atomic_load(&swallowed) < poured && now_ns() < until)
		usleep(1000);
	check(atomic_load(&swallowed) == poured ? 0 : -1, "bytes are missing");
	for (int i = 0; i < streams; i++)
		close(fds[i]);
}

/* Each of the connections asks again as soon as it has its answer; or closes, and another comes in its place. */
static void
exchange(int port, int connections, long seconds, bool anew, int streams)
{
	int epoll = epoll_create1(0), open = connections, fds[STREAMS_BESIDE];
	struct epoll_event events[EVENTS];
	long begun = now_ns(), until = begun + seconds * 1000000000L, count = 0;

	taken = 0;
	open_streams(epoll, port, fds, streams);
	for (int i = 0; i < connections; i++) {
		int fd = connect_to(port);

		watch(epoll, fd, EPOLLIN);
		ask(fd);
	}
	begun = now_ns();
	until = begun + seconds * 1000000000L;
	while (open > 0) {
		int ready = epoll_wait(epoll, events, EVENTS, 10000);
		bool over = now_ns() >= until;

		check(ready == 0 ? -1 : ready, "a transaction takes ten seconds");
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;

			if (is_stream[fd]) {
				pour_on(fd);
				continue;
			}
			if (!take_answer(fd))
				continue;
			count++;
			if (over || anew)
				close(fd);
			if (over) {
				open--;
				continue;
			}
			if (anew) {
				fd = connect_to(port);
				watch(epoll, fd, EPOLLIN);
			}
			ask(fd);
		}
	}
	long took = now_ns() - begun;
	close_streams(fds, streams);
	report(count, took);
	close(epoll);
}

static void
pour(int port, int streams, long seconds)
{
	int epoll = epoll_create1(0), fds[CONNECTIONS_MAX];
	struct epoll_event events[EVENTS];

	open_streams(epoll, port, fds, streams);
	long begun = now_ns(), until = begun + seconds * 1000000000L, before = atomic_load(&swallowed);
	while (now_ns() < until) {
		int ready = epoll_wait(epoll, events, EVENTS, 100);

		for (int i = 0; i < ready; i++)
			pour_on(events[i].data.fd);
	}
	taken = 0;
	long carried = atomic_load(&swallowed) - before, took = now_ns() - begun;
	close_streams(fds, streams);
	report(carried, took);
	close(epoll);
}

static int held[CONNECTIONS_MAX], held_count;

static void
let_go(void)
{
	while (held_count > 0)
		close(held[--held_count]);
}

static void
hold(int port, int connections)
{
	long begun = now_ns();

	let_go();
	for (; held_count < connections; held_count++) {
		int fd = held[held_count] = connect_to(port);
		struct pollfd answered = { .fd = fd, .events = POLLIN };

		ask(fd);
		while (!take_answer(fd))
			check(poll(&answered, 1, 10000) == 1 ? 0 : -1, "an answer takes ten seconds");
	}
	taken = 0;
	report(held_count, now_ns() - begun);
}

int
main(int argc, char **argv)
{
	struct rlimit all = { 0 };
	pthread_t thread;
	char work[16];
	int port, connections;
	long seconds;

	if (argc != 2)
		return 2;
	getrlimit(RLIMIT_NOFILE, &all);
	all.rlim_cur = all.rlim_max;
	setrlimit(RLIMIT_NOFILE, &all);
	int listener = listen_at(atoi(argv[1]));
	check(-(pthread_create(&thread, NULL, serve, &listener) != 0), "pthread_create");
	puts("ready");
	fflush(stdout);
	while (scanf("%d %15s %d %ld", &port, work, &connections, &seconds) == 4) {
		if (connections > CONNECTIONS_MAX)
			return 2;
		if (strcmp(work, "bulk") == 0)
			pour(port, connections, seconds);
		else if (strcmp(work, "idle") == 0)
			hold(port, connections);
		else
			exchange(port, connections, seconds, strcmp(work, "connect") == 0,
			    strcmp(work, "beside") == 0 ? STREAMS_BESIDE : 0);
	}
	return 0;
}
