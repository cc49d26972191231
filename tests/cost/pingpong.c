/* SPDX-License-Identifier: MIT */
/*
 * Small questions and answers through the daemon, both far ends in one thread.
 *
 *   pingpong                     listens for the daemon; its port is the first line of output
 *   PORT CONNECTIONS COUNT       a line of input: so many transactions through the daemon at PORT
 *   PORT CONNECTIONS COUNT RATE  the same, but so many a second, however long each of them takes
 *
 * Each job is answered by a line, "COUNT NANOSECONDS", when all its connections are closed; with a rate it has two more
 * numbers: what half of the transactions took at most, and what 99 of 100 did, from the moment when each was due.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, CONNECTIONS_MAX = 1024, PACED_MAX = 1000000 };

static void
check(int result, const char *what)
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

static int
prepare(int fd)
{
	int one = 1;

	check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
	return fd;
}

static int
connect_to(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd, "socket");
	check(connect(fd, (struct sockaddr *)&at, sizeof(at)), "connect");
	return prepare(fd);
}

/* An odd number in the event is a client's: it asks again; an upstream answers. */
static void
watch(int epoll, int fd, int is_client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)fd << 1 | (uint64_t)is_client };

	check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* Each connection has one transaction at a time; when all are busy the next one is late, and that counts. */
struct pace {
	long began, interval, sent, done, count;
	int idle[CONNECTIONS_MAX], idle_count;
	long due[1 << 16]; /* by descriptor: when its transaction should have begun */
};
static long took[PACED_MAX];

static void
send_due(struct pace *pace)
{
	char message[MESSAGE] = { 0 };

	while (pace->idle_count > 0 && pace->sent < pace->count) {
		long due = pace->began + pace->sent * pace->interval;

		if (due > now_ns())
			return;
		int fd = pace->idle[--pace->idle_count];
		pace->due[fd] = due;
		pace->sent++;
		check((int)send(fd, message, MESSAGE, 0), "send");
	}
}

static void
run_paced(int epoll, struct pace *pace)
{
	struct epoll_event events[64];
	char message[MESSAGE];

	for (pace->began = now_ns(); pace->done < pace->count;) {
		send_due(pace);
		long left = pace->began + pace->sent * pace->interval - now_ns();
		struct timespec wait = { 0, left < 0 ? 0 : left > 1000000 ? 1000000 : left };
		int ready = epoll_pwait2(epoll, events, 64, &wait, NULL);

		for (int i = 0; i < ready; i++) {
			int fd = (int)(events[i].data.u64 >> 1), is_client = events[i].data.u64 & 1;

			if (recv(fd, message, MESSAGE, 0) != MESSAGE) {
				fprintf(stderr, "the connection broke\n");
				exit(1);
			}
			if (is_client) {
				took[pace->done++] = now_ns() - pace->due[fd];
				pace->idle[pace->idle_count++] = fd;
			} else {
				check((int)send(fd, message, MESSAGE, 0), "send");
			}
		}
	}
}

static int
compare(const void *one, const void *other)
{
	long a = *(const long *)one, b = *(const long *)other;

	return (a > b) - (a < b);
}

static void
run(int epoll, long count)
{
	struct epoll_event events[64];
	char message[MESSAGE];

	while (count > 0) {
		int ready = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < ready && count > 0; i++) {
			int fd = (int)(events[i].data.u64 >> 1), is_client = events[i].data.u64 & 1;

			if (recv(fd, message, MESSAGE, 0) != MESSAGE || send(fd, message, MESSAGE, 0) != MESSAGE) {
				fprintf(stderr, "the connection broke\n");
				exit(1);
			}
			count -= is_client;
		}
	}
}

/* rate 0: as fast as it goes. */
static void
do_job(int listener, int port, int connections, long count, long rate)
{
	static int clients[CONNECTIONS_MAX], upstreams[CONNECTIONS_MAX];
	static struct pace pace;
	int epoll = epoll_create1(0);
	char message[MESSAGE] = { 0 };

	check(epoll, "epoll_create1");
	for (int i = 0; i < connections; i++) {
		clients[i] = connect_to(port);
		upstreams[i] = prepare(accept(listener, NULL, NULL));
		watch(epoll, clients[i], 1);
		watch(epoll, upstreams[i], 0);
		if (rate == 0)
			check((int)send(clients[i], message, MESSAGE, 0), "send");
		pace.idle[i] = clients[i];
	}
	pace.idle_count = connections;
	pace.interval = rate == 0 ? 0 : 1000000000 / rate;
	pace.sent = pace.done = 0;
	pace.count = count;
	long began = now_ns();
	if (rate == 0)
		run(epoll, count);
	else
		run_paced(epoll, &pace);
	long all = now_ns() - began;
	for (int i = 0; i < connections; i++) {
		close(clients[i]);
		close(upstreams[i]);
	}
	close(epoll);
	printf("%ld %ld", count, all);
	if (rate != 0) {
		qsort(took, (size_t)count, sizeof(took[0]), compare);
		printf(" %ld %ld", took[count / 2], took[count * 99 / 100]);
	}
	printf("\n");
	fflush(stdout);
}

int
main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), port, connections;
	long count;
	char line[128];

	check(listener, "socket");
	check(bind(listener, (struct sockaddr *)&at, length), "bind");
	check(listen(listener, CONNECTIONS_MAX), "listen");
	check(getsockname(listener, (struct sockaddr *)&at, &length), "getsockname");
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		long rate = 0;

		if (sscanf(line, "%d %d %ld %ld", &port, &connections, &count, &rate) < 3 ||
		    connections > CONNECTIONS_MAX || (rate != 0 && count > PACED_MAX))
			return 1;
		do_job(listener, port, connections, count, rate);
	}
	return 0;
}
