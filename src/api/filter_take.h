/* SPDX-License-Identifier: MIT */
#ifndef API_FILTER_TAKE_H
#define API_FILTER_TAKE_H

#include "api/reply.h"
#include "track/filter.h"

/* Compiles what a query parameter says.  False: `reply` says what is wrong with it, and where: beside the usual members
 * of a problem it has position and length, in bytes, and caret, two lines that point at the place. */
bool filter_take(struct filter **filter, const char *parameter, const char *text, struct reply *reply);

#endif
