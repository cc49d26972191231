/* SPDX-License-Identifier: MIT */
/*
 * Small questions and answers through the daemon, both far ends in one thread.
 *
 *   pingpong                     listens for the daemon; its port is the first line of output
 *   PORT CONNECTIONS COUNT       a line of input: so many transactions through the daemon at PORT
 *
 * Each job is answered by a line, "COUNT NANOSECONDS", when all its connections are closed.
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

enum { MESSAGE = 64, CONNECTIONS_MAX = 1024 };

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

static void
do_job(int listener, int port, int connections, long count)
{
	static int clients[CONNECTIONS_MAX], upstreams[CONNECTIONS_MAX];
	int epoll = epoll_create1(0);
	char message[MESSAGE] = { 0 };

	check(epoll, "epoll_create1");
	for (int i = 0; i < connections; i++) {
		clients[i] = connect_to(port);
		upstreams[i] = prepare(accept(listener, NULL, NULL));
		watch(epoll, clients[i], 1);
		watch(epoll, upstreams[i], 0);
		check((int)send(clients[i], message, MESSAGE, 0), "send");
	}
	long began = now_ns();
	run(epoll, count);
	long took = now_ns() - began;
	for (int i = 0; i < connections; i++) {
		close(clients[i]);
		close(upstreams[i]);
	}
	close(epoll);
	printf("%ld %ld\n", count, took);
	fflush(stdout);
}

int
main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), port, connections;
	long count;

	check(listener, "socket");
	check(bind(listener, (struct sockaddr *)&at, length), "bind");
	check(listen(listener, CONNECTIONS_MAX), "listen");
	check(getsockname(listener, (struct sockaddr *)&at, &length), "getsockname");
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	while (scanf("%d %d %ld", &port, &connections, &count) == 3 && connections <= CONNECTIONS_MAX)
		do_job(listener, port, connections, count);
	return 0;
}
