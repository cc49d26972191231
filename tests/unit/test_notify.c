/* SPDX-License-Identifier: MIT */
#include "net/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "support/suite.h"

/* A service manager's socket: an abstract name, or a path. */
static int manager;
static char path[64];

static void
hang_up(void)
{
	close(manager);
	if (path[0] == '/')
		unlink(path);
}

static void
listen_on(char first, const char *rest)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(path, sizeof(path), "%c%s-%d", first, rest, (int)getpid());
	memcpy(at.sun_path, path, strlen(path));
	if (first == '@')
		at.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(
	    bind(manager, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
	    0);
	setenv("NOTIFY_SOCKET", path, 1);
}

START_TEST(a_service_manager_is_told)
{
	char got[32] = "";

	if (_i == 0)
		listen_on('@', "sockproxy-notify");
	else
		listen_on('/', "tmp/sockproxy-notify");
	ck_assert_int_eq(notify_send("READY=1"), 0);
	ck_assert_int_eq(recv(manager, got, sizeof(got), MSG_DONTWAIT), 7);
	ck_assert_str_eq(got, "READY=1");
	hang_up();
}
END_TEST

START_TEST(without_one_nothing_is_said)
{
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(notify_send("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	ck_assert_int_eq(notify_send("READY=1"), 0);
}
END_TEST

START_TEST(what_is_no_socket_is_an_error)
{
	char longer[200];

	setenv("NOTIFY_SOCKET", "relative", 1);
	ck_assert_int_eq(notify_send("READY=1"), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	ck_assert_int_eq(notify_send("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	ck_assert_int_eq(notify_send("READY=1"), -ENOENT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/notify");
	TCase *tcase = tcase_create("notify");

	tcase_add_loop_test(tcase, a_service_manager_is_told, 0, 2);
	tcase_add_test(tcase, without_one_nothing_is_said);
	tcase_add_test(tcase, what_is_no_socket_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
