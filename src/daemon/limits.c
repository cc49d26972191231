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
	SHARE = 16, /* of few descriptors the admin interface gets so small a part, and so do pipes */
};

int
limits_settle(struct limits *limits, const struct settings *settings)
{
	struct rlimit nofile;
	uint64_t overhead;

	if (getrlimit(RLIMIT_NOFILE, &nofile) == -1)
		return -errno;
	nofile.rlim_cur = nofile.rlim_max;
	/* Some kernels and containers refuse what they promise; then the soft limit it is. */
	if (setrlimit(RLIMIT_NOFILE, &nofile) == -1 && getrlimit(RLIMIT_NOFILE, &nofile) == -1)
		return -errno;

	uint64_t admin = nofile.rlim_cur / SHARE;
	admin = admin < ADMIN_MOST ? admin : ADMIN_MOST;
	admin = admin > ADMIN_LEAST ? admin : ADMIN_LEAST;
	uint64_t pipes = nofile.rlim_cur / SHARE / 2 / (uint64_t)settings->workers;
	pipes = settings->datapath == WISH_COPY ? 0 : pipes < PIPES_MAX ? pipes : PIPES_MAX;
	overhead = OWN + admin +
		   (uint64_t)settings->workers * (PER_WORKER + 2 * pipes + (uint64_t)settings->pair_count) +
		   (settings->demo ? FOR_DEMO : 0);
	*limits = (struct limits){
		.descriptors = nofile.rlim_cur, .admin_connections = (int)admin, .pipes = (unsigned)pipes
	};
	if (nofile.rlim_cur < overhead + 2)
		return -EMFILE;

	uint64_t most = (nofile.rlim_cur - overhead) / 2;
	most = most < CONN_ID_SLOTS_MAX ? most : CONN_ID_SLOTS_MAX - 1;
	limits->cut = settings->max_conns > most;
	limits->max_conns = settings->max_conns == 0 || limits->cut ? (uint32_t)most : settings->max_conns;
	return 0;
}
