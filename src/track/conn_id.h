/* SPDX-License-Identifier: MIT */
#ifndef TRACK_CONN_ID_H
#define TRACK_CONN_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The name of a connection.  Inside the process one number,
 *
 *   | worker 8 | slot 24 | generation 32 |
 *
 * and outside a text with the boot before it, so that no id comes twice, on
 * this node or another.  Its form is nobody's business: 21 of [0-9a-z].
 */
enum { CONN_ID_TEXT_MAX = 33, CONN_ID_SLOTS_MAX = 1 << 24 };

uint64_t conn_id_make(int worker, uint32_t slot, uint32_t generation);
int conn_id_worker(uint64_t id);
uint32_t conn_id_slot(uint64_t id);
uint32_t conn_id_generation(uint64_t id);

/* boot: 40 bits. */
const char *conn_id_format(uint64_t boot, uint64_t id, char text[CONN_ID_TEXT_MAX]);

/* False: not in the form of an id. */
bool conn_id_parse(const char *text, uint64_t *boot, uint64_t *id);

/* The boot alone, as records show it. */
const char *conn_id_format_boot(uint64_t boot, char text[CONN_ID_TEXT_MAX]);

#endif
