/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_LIMITS_H
#define DAEMON_LIMITS_H

#include <stdint.h>
#include "config/settings.h"

/* How the process's descriptors are shared out. */
struct limits {
	uint64_t descriptors;  /* RLIMIT_NOFILE, raised as far as we may */
	uint32_t max_conns;    /* client connections, two descriptors each */
	int admin_connections; /* of the HTTP interface */
	unsigned pipes;        /* of each worker */
	bool cut;              /* --max-conns asked for more than there is */
};

/* Raises the limit and divides it.  0, or -EMFILE when not one connection fits, or -errno. */
int limits_settle(struct limits *limits, const struct settings *settings);

#endif
