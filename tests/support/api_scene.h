/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_API_SCENE_H
#define SUPPORT_API_SCENE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>
#include "api/server.h"
#include "config/settings.h"
#include "support/http_ask.h"
#include "track/conn_id.h"
#include "track/track.h"

/*
 * The HTTP interface in the test's own process, over facts that the test
 * writes as a worker would.
 */

enum { API_WORKERS = 3, API_CONNS_MAX = 20000, API_HISTORY = 1000, API_CLIENTS_MAX = 256 };

struct api_scene {
	struct settings settings;
	struct track track;
	struct door door; /* wide open */
	_Atomic int readiness;
	struct server *server; /* NULL: the test stopped it */
	struct addr at;        /* where it listens */

	/* The last answer; the document is NULL unless that was JSON.  Both are the scene's. */
	struct answer answer;
	json_t *document;
};
extern struct api_scene api;

/* For tcase_add_checked_fixture. */
void api_setup(void);
void api_teardown(void);

/* Once more, after a server_stop: "127.0.0.1:0", "unix:/path". */
void api_start(const char *admin);

/* What a worker does, one connection at a time.  Of one worker, in one thread. */

struct api_conn {
	int worker;
	uint32_t slot;
	uint64_t id;
	char name[CONN_ID_TEXT_MAX];
};

struct api_conn api_open(int worker, uint16_t client_port);
void api_set_leg(struct record_leg *leg, uint16_t source_port, uint16_t destination_port);
void api_set_state(const struct api_conn *conn, enum conn_state state);
void api_close(const struct api_conn *conn);
void api_close_as(const struct api_conn *conn, enum record_kind kind);

/* Says that this happened to it. */
void api_publish(const struct api_conn *conn, enum event_type type);

/* Closed, but still in its slot, as until the end of the worker's turn. */
void api_close_only(const struct api_conn *conn);

/* What a client sees. */

/* GET `target`, whatever comes of it; and the same where the answer must be 200 and JSON. */
void api_ask(const char *target);
json_t *api_get(const char *target);

/* Asserts that the last answer is a problem of this type; parameter NULL: of none. */
void api_check_problem(const char *type, const char *parameter);

/* The integer that is called so; asserts that it is there. */
int64_t api_number(const json_t *from, const char *key);

/* Before another answer is read into api.answer. */
void api_forget(void);

#endif
