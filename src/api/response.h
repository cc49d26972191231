/* SPDX-License-Identifier: MIT */
#ifndef API_RESPONSE_H
#define API_RESPONSE_H

#include <microhttpd.h>
#include "api/callers.h"
#include "api/followers.h"
#include "api/reply.h"

/*
 * A reply as libmicrohttpd sends it: whole, or piece by piece while the client
 * reads.  A follower's source may have nothing yet; then its connection is
 * suspended until the followers' thread wakes it.
 */
enum { RESPONSE_PIECE = 32 * 1024 }; /* at most; what is left of a connection's memory is less */

/* Takes what the reply holds.  MHD_NO: no memory, and the connection ends. */
enum MHD_Result response_send(struct MHD_Connection *connection, struct caller *caller, struct followers *followers,
    const char *method, struct reply *reply);

/* For followers_new. */
void response_wake(void *connection);

#endif
