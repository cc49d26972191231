/* SPDX-License-Identifier: MIT */
#ifndef PROXY_LEG_END_H
#define PROXY_LEG_END_H

#include "proxy/conn_parts.h"

/* How a side leaves: it is written down, and lifecycle.c says what it leads to.  Each is told once; the second call of its kind does nothing. */

/* Its FIN came, and all before it was read. */
void leg_end_fin(struct conn *conn, enum leg_name leg);

/* It was lost by this errno: reset, or gone without a word. */
void leg_end_loss(struct conn *conn, enum leg_name leg, int error);

#endif
