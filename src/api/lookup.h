/* SPDX-License-Identifier: MIT */
#ifndef API_LOOKUP_H
#define API_LOOKUP_H

#include "api/router.h"

/* The connection that the path of a request names, live or closed; live, it is looked at anew if `fresh`, which takes
 * 50 ms at the most.  False: `reply` says why there is none. */
bool lookup_conn(const struct request *request, bool fresh, union record_words *copy, struct reply *reply);

#endif
