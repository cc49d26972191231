/* SPDX-License-Identifier: MIT */
/* One document each: a connection, the listeners, the sums, the version, the probes, the index. */
#include "support/api_scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "support/suite.h"
#include "track/conn_id.h"

/* To a GET of a path as the index writes it: no connection is called ID and no file FILE, and of a
 * listener nothing is shown. */
static int
expected_status(const char *path)
{
	if (strncmp(path, "/conns/ID", strlen("/conns/ID")) == 0)
		return 404;
	if (strcmp(path, "/assets/FILE") == 0)
		return 404;
	return strcmp(path, "/listeners/NAME") == 0 ? 405 : 200;
}

START_TEST(the_index_names_paths_that_answer)
{
	json_t *index = json_deep_copy(api_get("/")), *path;
	size_t i;

	ck_assert_uint_ge(json_array_size(json_object_get(index, "paths")), 8);
	json_array_foreach(json_object_get(index, "paths"), i, path) {
		const char *name = json_string_value(json_object_get(path, "path"));

		ck_assert_ptr_nonnull(json_string_value(json_object_get(path, "help")));
		if (strstr(json_string_value(json_object_get(path, "methods")), "GET") == NULL ||
		    strcmp(name, "/events") == 0) /* which has no end: test_api_events.c */
			continue;
		api_ask(name);
		ck_assert_msg(api.answer.status == expected_status(name), "%s: %d", name, api.answer.status);
	}
	json_decref(index);
}
END_TEST

START_TEST(probes_tell_alive_from_ready)
{
	api_ask("/livez");
	ck_assert_int_eq(api.answer.status, 200);
	ck_assert_str_eq(api.answer.body, "ok\n");
	api_ask("/readyz");
	ck_assert_int_eq(api.answer.status, 200);
	atomic_store(&api.readiness, NOT_READY_STARTING);
	api_ask("/readyz");
	ck_assert_int_eq(api.answer.status, 503);
	api_check_problem("not_ready", NULL);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "Starting"));
	atomic_store(&api.readiness, NOT_READY_DRAINING);
	api_ask("/readyz");
	ck_assert_int_eq(api.answer.status, 503);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "Draining on an admin's order"));
	atomic_store(&api.readiness, NOT_READY_STOPPING);
	api_ask("/readyz");
	ck_assert_int_eq(api.answer.status, 503);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "Draining to stop"));
	api_ask("/livez");
	ck_assert_int_eq(api.answer.status, 200);
}
END_TEST

START_TEST(version_tells_what_runs_here)
{
	json_t *version = api_get("/version");

	ck_assert_str_eq(json_string_value(json_object_get(version, "name")), "sockproxy");
	ck_assert_str_eq(json_string_value(json_object_get(version, "version")), PACKAGE_VERSION);
	ck_assert_str_eq(json_string_value(json_object_get(version, "node")), api.track.node);
	ck_assert(json_is_true(json_object_get(version, "demo")));
	ck_assert_uint_eq(json_object_size(json_object_get(version, "libraries")), 4);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(version, "started_at")));
}
END_TEST

START_TEST(stats_sum_over_workers)
{
	struct api_conn conns[] = { api_open(0, 1), api_open(1, 2), api_open(2, 3) };

	api_set_state(&conns[2], CONN_FLUSHING);
	api_close(&conns[0]);
	totals_add(&api.track.totals[0].counts[TOTAL_ACCEPTED], 1);
	totals_add(&api.track.totals[2].counts[TOTAL_ACCEPTED], 2);
	totals_add(&api.track.totals[0].closed_by[WHY_CLIENT_FIN], 1);
	totals_add(&api.track.totals[0].closed_as[KIND_PROXY], 1);
	totals_add(&api.track.totals[0].closed_as[KIND_PROBE], 1);
	totals_add(&api.track.totals[1].closed_as[KIND_PROBE], 1);
	json_t *stats = api_get("/stats");
	ck_assert_int_eq(api_number(stats, "connections_active"), 2);
	ck_assert_int_eq(api_number(stats, "connections_max"), API_CONNS_MAX);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_by_state"), "established"), 1);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_by_state"), "flushing"), 1);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_by_state"), "accepted"), 0);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_closed_by_reason"), "client_fin"), 1);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_closed_by_reason"), "shutdown"), 0);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_closed_by_kind"), "proxy"), 1);
	ck_assert_int_eq(api_number(json_object_get(stats, "connections_closed_by_kind"), "probe"), 2);
	ck_assert_uint_eq(json_object_size(json_object_get(stats, "connections_closed_by_kind")), KIND_COUNT);
	ck_assert_int_eq(api_number(json_object_get(stats, "totals"), "connections_accepted"), 3);
	ck_assert_uint_eq(json_object_size(json_object_get(stats, "totals")), TOTAL_COUNT);
	ck_assert_int_ge(api_number(stats, "time_wait_sockets"), 0);
	ck_assert_int_eq(api_number(stats, "buffer_memory_bytes"), API_WORKERS << 20);
	ck_assert_int_ge(api_number(stats, "uptime_us"), 0);
	api_number(stats, "log_lines_dropped");
}
END_TEST

START_TEST(listeners_show_their_steps)
{
	struct addr bound;

	addr_parse(&bound, "127.0.0.1:8080");
	listeners_bound(api.track.listeners, 0, &bound, API_WORKERS);
	listeners_step(api.track.listeners, 0, STEP_SOCKET, 0);
	listeners_step(api.track.listeners, 0, STEP_BIND, 0);
	listeners_step(api.track.listeners, 0, STEP_LISTENING, 0);
	listeners_step(api.track.listeners, 0, STEP_PAUSED, EMFILE);
	listeners_step(api.track.listeners, 1, STEP_BIND, EADDRINUSE);
	for (int i = 0; i < API_WORKERS; i++) {
		listeners_accepted(api.track.listeners, 0, i);
		listeners_queue(api.track.listeners, 0, i, 1, 128);
	}
	json_t *listeners = json_object_get(api_get("/listeners"), "listeners"), *it = json_array_get(listeners, 0);
	json_t *steps = json_object_get(it, "steps"), *paused = json_object_get(steps, "paused");
	ck_assert_uint_eq(json_array_size(listeners), 2);
	ck_assert_str_eq(json_string_value(json_object_get(it, "name")), "8080");
	ck_assert_str_eq(json_string_value(json_object_get(it, "upstream")), "db:5432");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "paused");
	ck_assert_str_eq(json_string_value(json_object_get(it, "bound")), "127.0.0.1:8080");
	ck_assert_int_eq(api_number(it, "sockets"), API_WORKERS);
	ck_assert_int_eq(api_number(it, "accepted"), API_WORKERS);
	ck_assert_int_eq(api_number(it, "queue_length"), API_WORKERS);
	ck_assert_int_eq(api_number(it, "queue_limit"), API_WORKERS * 128);
	ck_assert_uint_eq(json_object_size(steps), LISTENER_STEPS);
	ck_assert_str_eq(json_string_value(json_object_get(paused, "errno")), "EMFILE");
	ck_assert_int_eq(api_number(paused, "times"), 1);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(paused, "at")));
	ck_assert(json_is_null(json_object_get(json_object_get(steps, "closed"), "at")));
	ck_assert(json_is_null(json_object_get(json_object_get(steps, "bind"), "errno")));

	it = json_array_get(listeners, 1);
	ck_assert_str_eq(json_string_value(json_object_get(it, "name")), "unix:/run/\xef\xbf\xbd\"");
	ck_assert_str_eq(json_string_value(json_object_get(it, "state")), "failed");
	ck_assert(json_is_null(json_object_get(it, "bound")));
	ck_assert(json_is_null(json_object_get(it, "queue_length")));
	ck_assert(json_is_null(json_object_get(it, "queue_limit")));
}
END_TEST

START_TEST(one_connection_is_found_as_long_as_it_is_kept)
{
	struct api_conn conn = api_open(1, 77), never = conn;
	char target[64];

	snprintf(target, sizeof(target), "/conns/%s", conn.name);
	ck_assert_str_eq(json_string_value(json_object_get(api_get(target), "state")), "established");
	ck_assert_ptr_nonnull(json_object_get(api.document, "node"));
	api_close_only(&conn);
	ck_assert_str_eq(json_string_value(json_object_get(api_get(target), "state")), "closed");
	table_release(api.track.table, conn.worker, conn.slot);
	ck_assert_str_eq(json_string_value(json_object_get(api_get(target), "state")), "closed");
	ck_assert_str_eq(json_string_value(json_object_get(api.document, "id")), conn.name);
	for (int i = 0; i < API_HISTORY; i++) {
		struct api_conn later = api_open(1, 1);
		api_close(&later);
	}
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 410);
	api_check_problem("connection_gone", NULL);
	strcat(target, "/explain");
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 410);
	api_check_problem("connection_gone", NULL);

	conn_id_format(api.track.boot, conn_id_make(1, conn.slot, 100000), never.name);
	snprintf(target, sizeof(target), "/conns/%s", never.name);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 404);
	api_check_problem("unknown_connection", NULL);
	conn_id_format(api.track.boot ^ 1, conn.id, never.name);
	snprintf(target, sizeof(target), "/conns/%s", never.name);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 404);
}
END_TEST

START_TEST(a_story_is_told_as_long_as_its_connection_is_kept)
{
	struct api_conn conn = api_open(1, 77);
	char target[64];

	snprintf(target, sizeof(target), "/conns/%s/explain", conn.name);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 200);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "its state is established."));
	api_close(&conn);
	api_ask(target);
	ck_assert_int_eq(api.answer.status, 200);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "\nIt was closed at "));
	api_ask("/conns/nobody/explain");
	ck_assert_int_eq(api.answer.status, 404);
	api_check_problem("unknown_connection", NULL);
	api_ask("/conns//explain");
	ck_assert_int_eq(api.answer.status, 404);
	api_check_problem("unknown_path", NULL);
}
END_TEST

START_TEST(a_name_of_a_listener_steers_no_terminal_in_a_story)
{
	struct api_conn conn = api_open(1, 77);
	char target[64];

	strcpy(api.settings.listeners[0].name, "\x1b[31m\xc2\x9b\nHint: call me");
	snprintf(target, sizeof(target), "/conns/%s/explain", conn.name);
	api_ask(target);
	ck_assert_ptr_nonnull(strstr(api.answer.body, "the listener \"?[31m???Hint: call"));
	ck_assert_ptr_null(strpbrk(api.answer.body, "\x1b\x9b"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api one");
	TCase *tcase = tcase_create("single documents");

	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_index_names_paths_that_answer);
	tcase_add_test(tcase, probes_tell_alive_from_ready);
	tcase_add_test(tcase, version_tells_what_runs_here);
	tcase_add_test(tcase, stats_sum_over_workers);
	tcase_add_test(tcase, listeners_show_their_steps);
	tcase_add_test(tcase, one_connection_is_found_as_long_as_it_is_kept);
	tcase_add_test(tcase, a_story_is_told_as_long_as_its_connection_is_kept);
	tcase_add_test(tcase, a_name_of_a_listener_steers_no_terminal_in_a_story);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
