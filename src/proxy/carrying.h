/* SPDX-License-Identifier: MIT */
#ifndef PROXY_CARRYING_H
#define PROXY_CARRYING_H

#include "proxy/conn_parts.h"

/* Runs the two pumps of a connection, and sees to what came of it: bytes told, ends met, stalls noted. */

/* Both, as far as they have something to do. */
void carrying_run(struct conn *conn);

/* The same in this turn or, where much goes beside others who talk, behind those that may talk in the next. */
void carrying_run_in_turn(struct conn *conn);

#endif
