/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_LOOKOUT_THREAD_H
#define DAEMON_LOOKOUT_THREAD_H

#include "track/track.h"

/* A thread that looks out once a second (track/lookout.h), and gives way to all others. */
struct lookout_thread;

/* 0 or -errno.  The signals that the daemon handles must be blocked. */
int lookout_thread_start(struct lookout_thread **thread, const struct track *track);

/* Waits for its end, which a look may delay by some milliseconds.  NULL: there is none. */
void lookout_thread_stop(struct lookout_thread *thread);

#endif
