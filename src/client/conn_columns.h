/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONN_COLUMNS_H
#define CLIENT_CONN_COLUMNS_H

#include <jansson.h>
#include <stdio.h>
#include "client/client_options.h"
#include "client/terminal.h"

/* Connections, as JSON has them, as a table for people; `-` is what JSON calls null, or has not. */
struct conn_columns;

/* fields: "id,age,rtt", or NULL for the usual columns.  events: with when and what before them.
 * Whoever has no memory for it is told so, and the program ends. */
struct conn_columns *conn_columns_new(enum output_form form, const char *fields, bool events);
void conn_columns_free(struct conn_columns *columns);

void conn_columns_add(struct conn_columns *columns, const json_t *record);
void conn_columns_add_event(struct conn_columns *columns, const json_t *event);
void conn_columns_print(struct conn_columns *columns, FILE *file, const struct terminal *terminal, bool heading);

/* Pieces of it for others. */
enum { CONN_CELL_MAX = 1400 };
enum ink conn_reason_ink(const char *reason);
enum ink conn_state_ink(const char *state);
/* "192.0.2.1:80", "[2001:db8::1]:80"; otherwise `otherwise`. */
void
conn_address(struct text *text, const json_t *object, const char *address, const char *port, const char *otherwise);

/* What stands in one cell, and its ink; `field` is of SHOW_FIELD. */
enum conn_cell {
	SHOW_FIELD, /* by its path and type */
	SHOW_AT,    /* of events: when, */
	SHOW_EVENT, /* and what */
	SHOW_STATE,
	SHOW_CLIENT,
	SHOW_TARGET,
	SHOW_VIA,
	SHOW_RTT,         /* of both legs the greater, as is … */
	SHOW_RETRANSMITS, /* … this */
	SHOW_LIMIT,
	SHOW_REASON,
};
enum ink conn_cell(struct text *text, enum conn_cell cell, int field, const json_t *record);
void conn_field(struct text *text, const json_t *record, int field); /* enum field, by its type */

#endif
