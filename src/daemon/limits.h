/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_LIMITS_H
#define DAEMON_LIMITS_H

#include <stdint.h>
#include "config/settings.h"

/* How the process's descriptors are shared out: 20,000 of them are enough for 9,500 connections. */
struct limits {
	uint64_t descriptors;  /* RLIMIT_NOFILE, raised as far as we may */
	uint32_t max_conns;    /* client connections, two descriptors each */
	int admin_connections; /* of the HTTP interface */
	int pipes;             /* of each worker, two descriptors each */
	int own;               /* descriptors for all the rest */
	bool cut;              /* --max-conns asked for more than there is */
};

/* Raises the limit and divides it.  0, or -EMFILE when not one connection fits, or -errno. */
int limits_settle(struct limits *limits, const struct settings *settings);

#endif
