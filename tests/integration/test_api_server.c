/* SPDX-License-Identifier: MIT */
/* What serves: its memory, slow clients, its stop, its port or unix socket, its thread. */
#include "support/api_scene.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/suite.h"

static char directory[] = "/tmp/sockproxy-test-XXXXXX";

static void
setup(void)
{
	api_setup();
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
teardown(void)
{
	api_teardown();
	rmdir(directory);
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident;

	ck_assert_int_eq(fscanf(file, "%ld %ld", &size, &resident), 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
open_many(int count)
{
	for (int i = 0; i < count; i++)
		api_open(i % API_WORKERS, (uint16_t)(i % 60000 + 1));
}

static const char ten_thousand[] =
    "GET /conns?limit=10000&view=full HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

START_TEST(ten_thousand_records_take_no_memory)
{
	enum { LISTERS = 8 };
	static char piece[65536];
	int fds[LISTERS];
	size_t got[LISTERS] = { 0 };
	bool all_done = false;

	open_many(10000);
	api_get("/conns?limit=10000");
	ck_assert_uint_eq(json_array_size(json_object_get(api.document, "conns")), 10000);
	api_forget();
	long before = resident_kib(), most = before;
	for (int i = 0; i < LISTERS; i++) {
		fds[i] = http_connect(&api.at);
		http_send(fds[i], ten_thousand, sizeof(ten_thousand) - 1);
	}
	while (!all_done) {
		all_done = true;
		for (int i = 0; i < LISTERS; i++) {
			ssize_t count = recv(fds[i], piece, sizeof(piece), 0);

			ck_assert_int_ge(count, 0);
			got[i] += (size_t)count;
			all_done = all_done && count == 0;
			most = resident_kib() > most ? resident_kib() : most;
		}
	}
	for (int i = 0; i < LISTERS; i++) {
		ck_assert_uint_gt(got[i], 10000 * 1000);
		close(fds[i]);
	}
	printf("%ld KiB more for more than 100 MB\n", most - before);
#if !defined(__SANITIZE_ADDRESS__) /* which keeps what was freed */
	ck_assert_int_lt(most - before, 16 * 1024);
#endif
}
END_TEST

static int
start_slow_reader(void)
{
	static char little[1000];
	int fd = http_connect(&api.at);

	http_send(fd, ten_thousand, sizeof(ten_thousand) - 1);
	ck_assert_int_gt(recv(fd, little, sizeof(little), 0), 0);
	return fd;
}

START_TEST(a_slow_reader_delays_nobody)
{
	int slow[20];

	open_many(10000);
	for (int i = 0; i < 20; i++)
		slow[i] = start_slow_reader();
	for (int i = 0; i < 20; i++)
		api_get("/stats");
	for (int i = 0; i < 20; i++)
		close(slow[i]);
}
END_TEST

START_TEST(a_stop_ends_answers_under_way)
{
	int slow[20];

	open_many(10000);
	for (int i = 0; i < 20; i++)
		slow[i] = start_slow_reader();
	server_stop(api.server);
	api.server = NULL;
	for (int i = 0; i < 20; i++)
		close(slow[i]);
}
END_TEST

START_TEST(clients_that_leave_early_leave_nothing_behind)
{
	open_many(10000);
	for (int i = 0; i < 50; i++)
		close(start_slow_reader());
	api_get("/stats");
}
END_TEST

START_TEST(a_stopped_server_frees_its_port)
{
	char text[ADDR_TEXT_MAX];

	api_get("/stats");
	server_stop(api.server);
	api_start(addr_format(&api.at, text, sizeof(text)));
	api_get("/stats");
}
END_TEST

START_TEST(a_taken_port_is_named_by_its_errno)
{
	struct server *second = NULL;

	api.settings.admin = api.at;
	ck_assert_int_eq(server_start(&second, &api.track, &api.door, &api.readiness, API_CLIENTS_MAX), -EADDRINUSE);
	ck_assert_ptr_null(second);
	api_get("/stats");
}
END_TEST

START_TEST(a_server_on_every_address_answers_to_the_one_that_was_asked)
{
	server_stop(api.server);
	api_start("0.0.0.0:0");
	api.at.v4.sin_addr.s_addr = htonl(0x7f000002); /* 127.0.0.2 */
	api_forget();
	http_ask(&api.at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n", &api.answer);
	ck_assert_int_eq(api.answer.status, 200);
	api_forget();
	http_ask(&api.at, "GET /livez HTTP/1.1\r\nHost: 127.0.0.3\r\n\r\n", &api.answer);
	ck_assert_int_eq(api.answer.status, 421);
}
END_TEST

static const char *
socket_path(char admin[200])
{
	snprintf(admin, 200, "unix:%s/api", directory);
	return admin + 5;
}

START_TEST(a_unix_socket_is_its_owners_alone_and_goes_away)
{
	char admin[200];
	const char *path = socket_path(admin);
	struct stat file;

	server_stop(api.server);
	api_start(admin);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert(S_ISSOCK(file.st_mode));
	ck_assert_int_eq(file.st_mode & 0777, 0600);
	api_get("/stats");
	api_forget();
	http_ask(&api.at, "GET /livez HTTP/1.1\r\nHost: whatever\r\n\r\n", &api.answer);
	ck_assert_int_eq(api.answer.status, 200);
	server_stop(api.server);
	api.server = NULL;
	ck_assert_int_eq(stat(path, &file), -1);
}
END_TEST

START_TEST(a_unix_socket_left_behind_is_replaced)
{
	char admin[200];
	const char *path = socket_path(admin);
	struct addr addr;
	struct server *second = NULL;
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert(addr_parse(&addr, admin));
	ck_assert_int_eq(bind(dead, &addr.any, addr.length), 0);
	close(dead);
	server_stop(api.server);
	api_start(admin);
	api_get("/stats");
	/* But not one that answers, … */
	ck_assert_int_eq(server_start(&second, &api.track, &api.door, &api.readiness, API_CLIENTS_MAX), -EADDRINUSE);
	api_get("/stats");
	server_stop(api.server);
	api.server = NULL;
	/* … and nothing else. */
	fclose(fopen(path, "w"));
	ck_assert_int_eq(server_start(&second, &api.track, &api.door, &api.readiness, API_CLIENTS_MAX), -EADDRINUSE);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* The thread of this process that is called so, or 0. */
static pid_t
thread_called(const char *wanted)
{
	char path[100], name[100];
	pid_t found = 0;
	struct dirent *task;
	DIR *tasks = opendir("/proc/self/task");

	ck_assert_ptr_nonnull(tasks);
	while (found == 0 && (task = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", task->d_name);
		FILE *file = fopen(path, "r");
		if (file == NULL)
			continue;
		if (fgets(name, sizeof(name), file) != NULL && strcmp(name, wanted) == 0)
			found = atoi(task->d_name);
		fclose(file);
	}
	closedir(tasks);
	return found;
}

START_TEST(the_thread_is_nice_and_has_a_name)
{
	pid_t thread = 0;

	api_get("/stats");
	/* A thread of an earlier test that is just going may cut the list short. */
	for (int tries = 0; thread == 0 && tries < 100; tries++)
		thread = thread_called("api\n");
	ck_assert_int_ne(thread, 0);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)thread), 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api server");
	TCase *tcase = tcase_create("one server");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, ten_thousand_records_take_no_memory);
	tcase_add_test(tcase, a_slow_reader_delays_nobody);
	tcase_add_test(tcase, a_stop_ends_answers_under_way);
	tcase_add_test(tcase, clients_that_leave_early_leave_nothing_behind);
	tcase_add_test(tcase, a_stopped_server_frees_its_port);
	tcase_add_test(tcase, a_taken_port_is_named_by_its_errno);
	tcase_add_test(tcase, a_server_on_every_address_answers_to_the_one_that_was_asked);
	tcase_add_test(tcase, a_unix_socket_is_its_owners_alone_and_goes_away);
	tcase_add_test(tcase, a_unix_socket_left_behind_is_replaced);
	tcase_add_test(tcase, the_thread_is_nice_and_has_a_name);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
