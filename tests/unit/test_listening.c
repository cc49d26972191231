/* SPDX-License-Identifier: MIT */
#include "net/listening.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/suite.h"

enum { SOCKETS = 4, CLIENTS = 200 };

static const struct tcp_manner manner = { .idle_seconds = 60, .interval_seconds = 10, .count = 6 };
static int fds[SOCKETS];
static struct listening listening;
static enum listening_step step;
static char path[64];

static void
setup(void)
{
	listening = (struct listening){ .count = SOCKETS, .fds = fds };
	snprintf(path, sizeof(path), "unix:/tmp/sockproxy-listening-%d", (int)getpid());
}

static void
teardown(void)
{
	unlink(path + strlen("unix:"));
}

static int
open_at(const char *text, bool any)
{
	struct addr addr;

	ck_assert(addr_parse(&addr, text));
	return listening_open(&listening, &addr, any, &manner, &step);
}

static void
close_all(void)
{
	for (int i = 0; i < listening.count; i++)
		close(fds[i]);
}

/* The descriptor, or -errno. */
static int
connect_to(const struct addr *addr)
{
	int fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &addr->any, addr->length) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static int
connect_at(const char *ip, uint16_t port)
{
	struct addr addr;

	ck_assert(addr_parse_ip(&addr, ip));
	addr_set_port(&addr, port);
	return connect_to(&addr);
}

static int
accept_within(int fd, struct addr *client)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&waiting, 1, 10000), 1);
	return listening_accept(fd, client);
}

static int
option(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &length), 0);
	return value;
}

START_TEST(every_socket_listens_on_the_port_that_the_first_got)
{
	struct addr client;
	int accepted = 0, took_part = 0;

	ck_assert_int_eq(open_at("127.0.0.1:0", false), 0);
	ck_assert_uint_ne(addr_port(&listening.bound), 0);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_ge(connect_to(&listening.bound), 0);
	for (int i = 0; i < SOCKETS; i++) {
		int before = accepted;

		while (listening_accept(fds[i], &client) >= 0)
			accepted++;
		took_part += accepted > before;
	}
	ck_assert_int_eq(accepted, CLIENTS);
	ck_assert_int_eq(took_part, SOCKETS);
	close_all();
}
END_TEST

START_TEST(a_port_in_use_is_noticed_though_ports_are_shared)
{
	int others[SOCKETS];
	struct listening second = { .count = SOCKETS, .fds = others };

	ck_assert_int_eq(open_at("127.0.0.1:0", false), 0);
	ck_assert_int_eq(listening_open(&second, &listening.bound, false, &manner, &step), -EADDRINUSE);
	ck_assert_int_eq(step, LISTENING_BIND);
	close_all();
	ck_assert_int_eq(listening_open(&second, &listening.bound, false, &manner, &step), 0);
	for (int i = 0; i < SOCKETS; i++)
		close(others[i]);
}
END_TEST

START_TEST(an_address_of_another_host_cannot_be_bound)
{
	ck_assert_int_eq(open_at("192.0.2.1:0", false), -EADDRNOTAVAIL);
	ck_assert_int_eq(step, LISTENING_BIND);
}
END_TEST

START_TEST(any_takes_both_families)
{
	struct addr client;
	char text[ADDR_TEXT_MAX];
	int v4, v6;

	listening.count = 1;
	ck_assert_int_eq(open_at("[::]:0", true), 0);
	v4 = connect_at("127.0.0.1", addr_port(&listening.bound));
	ck_assert_int_ge(v4, 0);
	ck_assert_int_ge(accept_within(fds[0], &client), 0);
	ck_assert(strncmp(addr_format(&client, text, sizeof(text)), "127.0.0.1:", 10) == 0);
	if (listening.bound.any.sa_family == AF_INET6) {
		v6 = connect_at("::1", addr_port(&listening.bound));
		ck_assert_int_ge(v6, 0);
		ck_assert_int_ge(accept_within(fds[0], &client), 0);
	}
	close_all();
}
END_TEST

START_TEST(an_ipv6_address_is_ipv6_alone)
{
	int error;

	listening.count = 1;
	error = open_at("[::]:0", false);
	if (error == -EAFNOSUPPORT)
		return;
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(connect_at("127.0.0.1", addr_port(&listening.bound)), -ECONNREFUSED);
	close_all();
}
END_TEST

START_TEST(an_accepted_socket_has_what_legs_need)
{
	struct addr client;
	int connected, accepted;

	ck_assert_int_eq(open_at("127.0.0.1:0", false), 0);
	if (_i > 0) {
		/* The same from a parent that set nothing. */
		int bare = socket(AF_INET, SOCK_STREAM, 0);

		close_all();
		ck_assert_int_eq(bind(bare, &listening.bound.any, listening.bound.length), 0);
		ck_assert_int_eq(listen(bare, 10), 0);
		listening.count = 1;
		ck_assert_int_eq(listening_adopt(&listening, bare, &manner), 0);
	}
	listening.count = 1;
	connected = connect_to(&listening.bound);
	for (int i = 0; i < (_i > 0 ? 1 : SOCKETS); i++) {
		accepted = listening_accept(fds[i], &client);
		if (accepted >= 0)
			break;
	}
	ck_assert_int_ge(accepted, 0);
	ck_assert_int_eq(option(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
	ck_assert_int_eq(option(accepted, SOL_SOCKET, SO_OOBINLINE), 1);
	ck_assert_int_eq(option(accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_eq(option(accepted, IPPROTO_TCP, TCP_KEEPIDLE), 60);
	ck_assert_int_eq(option(accepted, IPPROTO_TCP, TCP_KEEPINTVL), 10);
	ck_assert_int_eq(option(accepted, IPPROTO_TCP, TCP_KEEPCNT), 6);
	ck_assert(fcntl(accepted, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(accepted, F_GETFD) & FD_CLOEXEC);
	close(connected);
}
END_TEST

START_TEST(nobody_waiting_is_eagain)
{
	struct addr client;

	ck_assert_int_eq(open_at("127.0.0.1:0", false), 0);
	ck_assert_int_eq(listening_accept(fds[0], &client), -EAGAIN);
	close_all();
}
END_TEST

/* Unix. */

START_TEST(a_unix_socket_is_one_with_a_descriptor_for_each)
{
	struct addr client;

	ck_assert_int_eq(open_at(path, false), 0);
	for (int i = 0; i < SOCKETS; i++) {
		ck_assert_int_ge(connect_to(&listening.bound), 0);
		ck_assert_int_ge(listening_accept(fds[i], &client), 0);
		ck_assert(addr_is_unix(&client));
	}
	close_all();
}
END_TEST

START_TEST(a_path_left_behind_is_replaced)
{
	ck_assert_int_eq(open_at(path, false), 0);
	close_all();
	ck_assert_int_eq(access(path + strlen("unix:"), F_OK), 0);
	ck_assert_int_eq(open_at(path, false), 0);
	ck_assert_int_ge(connect_to(&listening.bound), 0);
	close_all();
}
END_TEST

START_TEST(a_path_that_answers_is_left_alone)
{
	int others[1];
	struct listening second = { .count = 1, .fds = others };

	ck_assert_int_eq(open_at(path, false), 0);
	ck_assert_int_eq(listening_open(&second, &listening.bound, false, &manner, &step), -EADDRINUSE);
	ck_assert_int_eq(step, LISTENING_BIND);
	ck_assert_int_ge(connect_to(&listening.bound), 0);
	close_all();
}
END_TEST

START_TEST(a_file_in_its_place_is_left_alone)
{
	int file = open(path + strlen("unix:"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ne(file, -1);
	close(file);
	ck_assert_int_eq(open_at(path, false), -EADDRINUSE);
	ck_assert_int_eq(access(path + strlen("unix:"), F_OK), 0);
}
END_TEST

START_TEST(its_path_can_be_removed)
{
	ck_assert_int_eq(open_at(path, false), 0);
	listening_remove_path(&listening.bound);
	ck_assert_int_eq(access(path + strlen("unix:"), F_OK), -1);
	close_all();
}
END_TEST

/* Inherited. */

START_TEST(what_does_not_listen_is_not_adopted)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(listening_adopt(&listening, fd, &manner), -EINVAL);
	ck_assert_int_eq(listening_adopt(&listening, file, &manner), -ENOTSOCK);
	ck_assert_int_eq(listening_adopt(&listening, 9999, &manner), -EBADF);
	close(fd);
	close(file);
}
END_TEST

START_TEST(an_adopted_socket_is_shared_and_does_not_block)
{
	struct addr at, client;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr_parse(&at, "127.0.0.1:0");
	ck_assert_int_eq(bind(fd, &at.any, at.length), 0);
	ck_assert_int_eq(listen(fd, 10), 0);
	ck_assert_int_eq(listening_adopt(&listening, fd, &manner), 0);
	ck_assert_int_eq(fds[0], fd);
	ck_assert_uint_ne(addr_port(&listening.bound), 0);
	for (int i = 0; i < SOCKETS; i++) {
		ck_assert_int_eq(listening_accept(fds[i], &client), -EAGAIN);
		ck_assert(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		ck_assert_int_ge(connect_to(&listening.bound), 0);
		ck_assert_int_ge(accept_within(fds[i], &client), 0);
	}
	close_all();
}
END_TEST

/* Its queue has room for one, and nobody accepts. */
START_TEST(who_finds_the_queue_full_is_counted)
{
	int late[8];
	uint32_t drops;
	struct addr bound;

	ck_assert_int_eq(open_at("127.0.0.1:0", false), 0);
	bound = listening.bound;
	ck_assert(listening_drops(fds[0], &drops));
	ck_assert_uint_eq(drops, 0);
	for (int i = 1; i < SOCKETS; i++)
		close(fds[i]);
	listening.count = 1;
	ck_assert_int_eq(listen(fds[0], 0), 0);
	for (int i = 0; i < 8; i++) {
		late[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(late[i], &bound.any, bound.length);
	}
	ck_assert(listening_drops(fds[0], &drops));
	ck_assert_uint_ge(drops, 5);
	for (int i = 0; i < 8; i++)
		close(late[i]);
	close_all();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/listening");
	TCase *tcp = tcase_create("tcp");
	TCase *local = tcase_create("unix");
	TCase *adopted = tcase_create("inherited");

	tcase_add_checked_fixture(tcp, setup, teardown);
	tcase_add_test(tcp, every_socket_listens_on_the_port_that_the_first_got);
	tcase_add_test(tcp, a_port_in_use_is_noticed_though_ports_are_shared);
	tcase_add_test(tcp, an_address_of_another_host_cannot_be_bound);
	tcase_add_test(tcp, any_takes_both_families);
	tcase_add_test(tcp, an_ipv6_address_is_ipv6_alone);
	tcase_add_loop_test(tcp, an_accepted_socket_has_what_legs_need, 0, 2);
	tcase_add_test(tcp, nobody_waiting_is_eagain);
	tcase_add_test(tcp, who_finds_the_queue_full_is_counted);
	tcase_add_checked_fixture(local, setup, teardown);
	tcase_add_test(local, a_unix_socket_is_one_with_a_descriptor_for_each);
	tcase_add_test(local, a_path_left_behind_is_replaced);
	tcase_add_test(local, a_path_that_answers_is_left_alone);
	tcase_add_test(local, a_file_in_its_place_is_left_alone);
	tcase_add_test(local, its_path_can_be_removed);
	tcase_add_checked_fixture(adopted, setup, teardown);
	tcase_add_test(adopted, what_does_not_listen_is_not_adopted);
	tcase_add_test(adopted, an_adopted_socket_is_shared_and_does_not_block);
	suite_add_tcase(suite, tcp);
	suite_add_tcase(suite, local);
	suite_add_tcase(suite, adopted);
	return suite_main(suite);
}
