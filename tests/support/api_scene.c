/* SPDX-License-Identifier: MIT */
#include "support/api_scene.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"

enum { UPSTREAM_PORT = 9 };

struct api_scene api;

void
api_start(const char *admin)
{
	ck_assert(addr_parse(&api.settings.admin, admin));
	ck_assert_int_eq(server_start(&api.server, &api.track, &api.door, &api.readiness, API_CLIENTS_MAX), 0);
	api.at = *server_address(api.server);
}

void
api_setup(void)
{
	sigset_t all;

	/* As the daemon does before it starts a thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	api.settings.pair_count = 2;
	api.settings.workers = API_WORKERS;
	api.settings.history = API_HISTORY;
	api.settings.buffer_memory = 1 << 20;
	api.settings.demo = true;
	api.settings.admin_mode = 0600;
	strcpy(api.settings.listeners[0].name, "8080");
	strcpy(api.settings.listeners[1].name, "unix:/run/\xff\"");
	strcpy(api.settings.upstreams[0].name, "db:5432");
	strcpy(api.settings.upstreams[1].name, "web:80");
	for (int i = 0; i < api.settings.pair_count; i++) {
		struct upstream_setting *upstream = &api.settings.upstreams[i];

		upstream->target_count = 1;
		strcpy(upstream->targets[0].name, upstream->name);
		ck_assert(addr_parse(&upstream->targets[0].addr, "127.0.0.1:9"));
	}
	ck_assert_int_eq(track_init(&api.track, &api.settings, API_CONNS_MAX), 0);
	atomic_store(&api.readiness, READY);
	api_start("127.0.0.1:0");
}

void
api_forget(void)
{
	http_forget(&api.answer);
	api.answer = (struct answer){ 0 };
	json_decref(api.document);
	api.document = NULL;
}

void
api_teardown(void)
{
	api_forget();
	server_stop(api.server);
	track_fini(&api.track);
}

void
api_set_leg(struct record_leg *leg, uint16_t source_port, uint16_t destination_port)
{
	struct addr source, destination;

	addr_parse(&source, "127.0.0.1:1");
	addr_parse(&destination, "127.0.0.1:2");
	addr_set_port(&source, source_port);
	addr_set_port(&destination, destination_port);
	flow_set(&leg->flow, &source, &destination);
}

struct api_conn
api_open(int worker, uint16_t client_port)
{
	struct api_conn conn = { .worker = worker };

	ck_assert(table_reserve(api.track.table));
	struct record *record = table_claim(api.track.table, worker, &conn.slot);
	record->state = CONN_ESTABLISHED;
	record->opened_ns = clock_now();
	record->opened_at_us = clock_wall_us();
	api_set_leg(&record->legs[LEG_CLIENT], client_port, 8080);
	api_set_leg(&record->legs[LEG_UPSTREAM], 50000, UPSTREAM_PORT);
	conn.id = record->id;
	table_commit(api.track.table, worker, conn.slot);
	conn_id_format(api.track.boot, conn.id, conn.name);
	return conn;
}

void
api_set_state(const struct api_conn *conn, enum conn_state state)
{
	table_edit(api.track.table, conn->worker, conn->slot)->state = (uint8_t)state;
	table_commit(api.track.table, conn->worker, conn->slot);
}

void
api_publish(const struct api_conn *conn, enum event_type type)
{
	struct event event = { .id = conn->id, .at_us = clock_wall_us(), .type = (uint8_t)type };

	bus_publish(api.track.bus, conn->worker, &event);
}

static void
close_in_slot(const struct api_conn *conn, enum record_kind kind)
{
	struct record *record = table_edit(api.track.table, conn->worker, conn->slot);

	record->state = CONN_CLOSED;
	record->closed_ns = clock_now();
	record->close.reason = WHY_CLIENT_FIN;
	record->kind = (uint8_t)kind;
	const union record_words *closed = table_commit(api.track.table, conn->worker, conn->slot);
	struct event event = {
		.id = conn->id,
		.at_us = clock_wall_us(),
		.type = kind == KIND_REJECTED ? EVENT_DENIED : EVENT_CLOSE,
		.kind = (uint8_t)kind,
	};
	event.history_number = history_append(api.track.history, closed);
	bus_publish(api.track.bus, conn->worker, &event);
}

void
api_close_only(const struct api_conn *conn)
{
	close_in_slot(conn, KIND_PROXY);
}

void
api_close_as(const struct api_conn *conn, enum record_kind kind)
{
	close_in_slot(conn, kind);
	table_release(api.track.table, conn->worker, conn->slot);
}

void
api_close(const struct api_conn *conn)
{
	api_close_as(conn, KIND_PROXY);
}

void
api_ask(const char *target)
{
	api_forget();
	http_get(&api.at, target, &api.answer);
	api.document = json_loadb(api.answer.body, api.answer.length, JSON_REJECT_DUPLICATES, NULL);
}

void
api_check_problem(const char *type, const char *parameter)
{
	char expected[80];

	ck_assert_msg(api.document != NULL, "%s", api.answer.body);
	snprintf(expected, sizeof(expected), "urn:sockproxy:problem:%s", type);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), "application/problem+json");
	ck_assert_str_eq(json_string_value(json_object_get(api.document, "type")), expected);
	ck_assert_int_eq(json_integer_value(json_object_get(api.document, "status")), api.answer.status);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(api.document, "title")));
	ck_assert_ptr_nonnull(json_string_value(json_object_get(api.document, "detail")));
	ck_assert_pstr_eq(json_string_value(json_object_get(api.document, "parameter")), parameter);
}

json_t *
api_get(const char *target)
{
	api_ask(target);
	ck_assert_msg(
	    api.answer.status == 200 && api.document != NULL, "%s: %d %s", target, api.answer.status, api.answer.body);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), "application/json");
	ck_assert_str_eq(http_header(&api.answer, "Cache-Control"), "no-store");
	ck_assert_str_eq(http_header(&api.answer, "X-Content-Type-Options"), "nosniff");
	return api.document;
}

int64_t
api_number(const json_t *from, const char *key)
{
	const json_t *value = json_object_get(from, key);

	ck_assert_msg(json_is_integer(value), "%s", key);
	return json_integer_value(value);
}
