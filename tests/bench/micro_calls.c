/* SPDX-License-Identifier: MIT */
/* The system calls that a connection is made of, each alone and in a warm cache. */
#include "bench/micro.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/listening.h"
#include "net/socket.h"
#include "net/tcp_info.h"

enum { ADDRESSES = 8 }; /* of this host: each has its own ports for those that wait in TIME_WAIT */

static int pair[2], listener, epoll;
static struct sockaddr_in at;

static int
connect_once(void)
{
	static unsigned turn;
	struct sockaddr_in to = at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % ADDRESSES);
	must(fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
	return fd;
}

static int
accept_once(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	must(fd != -1, "accept");
	return fd;
}

void
micro_pair(int ends[2])
{
	if (listener == 0) {
		socklen_t length = sizeof(at);

		at = (struct sockaddr_in){ .sin_family = AF_INET };
		listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		must(listener != -1 && bind(listener, (struct sockaddr *)&at, length) == 0 &&
			 listen(listener, SOMAXCONN) == 0 &&
			 getsockname(listener, (struct sockaddr *)&at, &length) == 0,
		    "a listener");
	}
	ends[1] = connect_once();
	ends[0] = accept_once();
	for (int i = 0; i < 2; i++)
		must(socket_set(ends[i], IPPROTO_TCP, TCP_NODELAY, 1) == 0, "TCP_NODELAY");
}

#define REPEAT while (count-- > 0)

static void
read_clock(long count)
{
	REPEAT clock_now();
}

static void
recv_nothing(long count)
{
	char byte;

	REPEAT must(socket_recv(pair[0], &byte, 1) == -EAGAIN, "recv");
}

static void
send_and_recv(long count)
{
	char bytes[64] = "";

	REPEAT
	{
		must(socket_send(pair[1], bytes, sizeof(bytes)) == sizeof(bytes), "send");
		must(socket_recv(pair[0], bytes, sizeof(bytes)) == sizeof(bytes), "recv");
	}
}

static void
ask_info(long count)
{
	struct tcp_facts facts;

	REPEAT must(tcp_info_read(pair[0], &facts), "TCP_INFO");
}

static void
ask_state(long count)
{
	REPEAT must(tcp_info_state(pair[0]) == TCP_IS_ESTABLISHED, "TCP_INFO");
}

static void
ask_congestion(long count)
{
	char name[TCP_CONGESTION_MAX];

	REPEAT tcp_congestion_read(pair[0], name);
}

static void
ask_error(long count)
{
	REPEAT must(socket_error(pair[0]) == 0, "SO_ERROR");
}

static void
ask_cookie(long count)
{
	REPEAT socket_cookie(pair[0]);
}

static void
ask_name(long count)
{
	struct addr addr;

	REPEAT must(socket_name(pair[0], &addr), "getsockname");
}

static void
ask_inq(long count)
{
	REPEAT must(socket_inq(pair[0]) == 0, "SIOCINQ");
}

static void
ask_outq(long count)
{
	REPEAT must(socket_outq(pair[0]) == 0, "SIOCOUTQ");
}

static void
set_option(long count)
{
	REPEAT socket_set(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
}

static void
set_keepalive(long count)
{
	REPEAT
	{
		socket_set(pair[0], SOL_SOCKET, SO_KEEPALIVE, 1);
		socket_set(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, 60);
		socket_set(pair[0], IPPROTO_TCP, TCP_KEEPINTVL, 10);
		socket_set(pair[0], IPPROTO_TCP, TCP_KEEPCNT, 6);
	}
}

static void
watch_and_forget(long count)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET };

	REPEAT
	{
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event) == 0, "epoll_ctl");
		must(epoll_ctl(epoll, EPOLL_CTL_DEL, pair[0], NULL) == 0, "epoll_ctl");
	}
}

static void
accept_nobody(long count)
{
	struct addr client;

	REPEAT must(listening_accept(listener, &client) == -EAGAIN, "accept4");
}

static void
open_and_close(long count)
{
	REPEAT close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void
connect_and_close(long count)
{
	REPEAT
	{
		int client = connect_once(), accepted = accept_once();

		close(client);
		close(accepted);
	}
}

static void
connect_and_shut_down(long count)
{
	REPEAT
	{
		int client = connect_once(), accepted = accept_once();

		must(socket_shutdown(client) == 0 && socket_shutdown(accepted) == 0, "shutdown");
		close(client);
		close(accepted);
	}
}

#define WHOLE "socket, connect, accept4 and two close"

const struct micro micro_calls[] = {
	{ "clock_gettime", read_clock, NULL, NULL, NULL },
	{ "recv of nothing", recv_nothing, NULL, NULL, NULL },
	{ "send of 64 bytes, and recv at the other end", send_and_recv, NULL, NULL, NULL },
	{ "TCP_INFO", ask_info, NULL, NULL, NULL },
	{ "TCP_INFO, its first byte alone", ask_state, NULL, NULL, NULL },
	{ "TCP_CONGESTION", ask_congestion, NULL, NULL, NULL },
	{ "SO_ERROR", ask_error, NULL, NULL, NULL },
	{ "SO_COOKIE", ask_cookie, NULL, NULL, NULL },
	{ "getsockname", ask_name, NULL, NULL, NULL },
	{ "SIOCINQ", ask_inq, NULL, NULL, NULL },
	{ "SIOCOUTQ", ask_outq, NULL, NULL, NULL },
	{ "TCP_NODELAY, set", set_option, NULL, NULL, NULL },
	{ "keepalive, all four options set", set_keepalive, NULL, NULL, NULL },
	{ "epoll_ctl, ADD and DEL", watch_and_forget, NULL, NULL, NULL },
	{ "accept4 of nobody", accept_nobody, NULL, NULL, NULL },
	{ "socket and close", open_and_close, NULL, NULL, NULL },
	{ WHOLE, connect_and_close, NULL, NULL, NULL },
	{ "the same, shut down from both sides first", connect_and_shut_down, NULL, NULL, WHOLE },
	{ NULL, NULL, NULL, NULL, NULL },
};

void
micro_calls_prepare(void)
{
	micro_pair(pair);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	must(epoll != -1, "epoll_create1");
}
