/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_FETCH_H
#define CLIENT_LIVE_FETCH_H

#include "client/live.h"

/*
 * What `sockproxy top` asks a daemon, one question after the other, and never more than is shown:
 *
 *   an order, if one is due ─► /version, once for each start of it ─► /stats ─┬─► /conns
 *                                                                            └─► /conns/ID ─► /conns/ID/explain
 *
 * Such a glance begins each interval.  Without an answer it is tried again, each second or interval.
 */
struct live_fetch;

struct live_fetch *live_fetch_new(struct live *live);
void live_fetch_free(struct live_fetch *fetch);

/* Waits for the daemon, for one of these descriptors, or for the next glance, until `until_ms` at most.  True: there is
 * something new to see. */
bool live_fetch_wait(struct live_fetch *fetch, const int *fds, int count, int64_t until_ms);

/* One whole look, and nothing else meanwhile.  What came of it is an exit status; all that goes wrong is said. */
int live_fetch_glance(struct live_fetch *fetch);

/* Whatever is under way is of no use any more; but an order that may have arrived already stays. */
void live_fetch_forget(struct live_fetch *fetch);
/* Likewise, and a glance begins at once. */
void live_fetch_restart(struct live_fetch *fetch);

#endif
