/* SPDX-License-Identifier: MIT */
#ifndef PROXY_ADMISSION_H
#define PROXY_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/flow.h"
#include "config/settings.h"
#include "proxy/lifecycle.h"

/*
 * Who is let in: first by the lists, then by the number of open connections,
 * then by the rate of new ones.  One for all workers, who ask it without a lock.
 *
 * It looks at the address of the client's socket.  A Unix client has none, and
 * no list or limit of sources concerns it.
 */
struct admission;

/* settings must outlive it.  NULL: no memory. */
struct admission *admission_new(const struct settings *settings, uint32_t max_conns);
void admission_free(struct admission *admission);

/* Where a connection is counted.  All zero: nowhere. */
struct admission_pass {
	uint32_t source; /* its entry in the table of sources */
	uint16_t listener;
	bool has_source : 1, has_listener : 1;
	bool source_missed : 1; /* let in without being counted by source: the table has no room */
};

/* EV_NONE: let in, and counted as *pass says until admission_leave.  Else the EV_DENIED_… it is. */
enum conn_event admission_ask(
    struct admission *admission, int listener, const struct flow *client, int64_t now, struct admission_pass *pass);

/* Once for each that was let in; more often does no harm. */
void admission_leave(struct admission *admission, struct admission_pass *pass);

#endif
