/* SPDX-License-Identifier: MIT */
#include "daemon/demo.h"

#include <errno.h>
#include <stdlib.h>
#include "daemon/demo_clients.h"
#include "daemon/demo_upstream.h"

struct demo {
	struct demo_upstream *upstream;
	struct demo_clients *clients; /* NULL: not started, or stopped again */
};

int
demo_start_upstream(struct demo **demo, struct addr *upstream)
{
	struct demo *it = calloc(1, sizeof(*it));

	if (it == NULL)
		return -ENOMEM;
	int error = demo_upstream_start(&it->upstream, upstream);
	if (error != 0) {
		free(it);
		return error;
	}
	*demo = it;
	return 0;
}

int
demo_start_clients(struct demo *demo, const struct addr *listener)
{
	return demo_clients_start(&demo->clients, listener);
}

void
demo_stop_clients(struct demo *demo)
{
	if (demo == NULL || demo->clients == NULL)
		return;
	demo_clients_stop(demo->clients);
	demo->clients = NULL;
}

void
demo_stop(struct demo *demo)
{
	if (demo == NULL)
		return;
	demo_stop_clients(demo);
	demo_upstream_stop(demo->upstream);
	free(demo);
}
