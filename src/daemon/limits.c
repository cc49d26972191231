/* SPDX-License-Identifier: MIT */
#include "daemon/limits.h"

#include <errno.h>
#include <sys/resource.h>
#include "proxy/pipes.h"
#include "track/conn_id.h"

enum {
	OWN = 32,       /* standard streams, signals, mailboxes, the resolver's sockets, files read now and then */
	PER_WORKER = 2, /* its epoll and its mailbox */
	FOR_DEMO = 64,
	ADMIN_MOST = 544, /* 512 followers, and scrapes beside them */
	ADMIN_LEAST = 4,
	ADMIN_SHARE = 16, /* of few descriptors it gets so small a part, */
	PIPES_SHARE = 64, /* and pipes this: without one, bytes are copied */
};

int
limits_settle(struct limits *limits, const struct settings *settings)
{
	struct rlimit nofile;

	if (getrlimit(RLIMIT_NOFILE, &nofile) == -1)
		return -errno;
	nofile.rlim_cur = nofile.rlim_max;
	/* Some kernels and containers refuse what they promise; then the soft limit it is. */
	if (setrlimit(RLIMIT_NOFILE, &nofile) == -1 && getrlimit(RLIMIT_NOFILE, &nofile) == -1)
		return -errno;

	uint64_t admin = nofile.rlim_cur / ADMIN_SHARE;
	admin = admin < ADMIN_MOST ? admin : ADMIN_MOST;
	admin = admin > ADMIN_LEAST ? admin : ADMIN_LEAST;
	uint64_t workers = (uint64_t)settings->workers, pipes = nofile.rlim_cur / PIPES_SHARE / 2 / workers;
	pipes = settings->datapath == WISH_COPY ? 0 : pipes < PIPES_MAX ? pipes : PIPES_MAX;
	*limits = (struct limits){
		.descriptors = nofile.rlim_cur,
		.admin_connections = (int)admin,
		.pipes = (int)pipes,
		.own = (int)(OWN + workers * (uint64_t)(PER_WORKER + settings->pair_count) +
			     (settings->demo ? FOR_DEMO : 0)),
	};
	uint64_t overhead = (uint64_t)limits->own + admin + workers * 2 * pipes;
	if (nofile.rlim_cur < overhead + 2)
		return -EMFILE;

	uint64_t most = (nofile.rlim_cur - overhead) / 2;
	most = most < CONN_ID_SLOTS_MAX ? most : CONN_ID_SLOTS_MAX - 1;
	limits->cut = settings->max_conns > most;
	limits->max_conns = settings->max_conns == 0 || limits->cut ? (uint32_t)most : settings->max_conns;
	return 0;
}
