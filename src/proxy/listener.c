/* SPDX-License-Identifier: MIT */
#include "proxy/listener.h"

#include <errno.h>
#include "net/listening.h"
#include "proxy/conns.h"

static bool
is_wildcard(const struct addr *addr)
{
	if (addr->any.sa_family == AF_INET)
		return addr->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return addr->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&addr->v6.sin6_addr);
}

void
listener_init(struct listener *listener, int number, int fd, const struct addr *bound)
{
	*listener = (struct listener){
		.fd = fd,
		.number = number,
		.bound = *bound,
		.bound_to_one = !is_wildcard(bound),
	};
}

static void
open_conn(struct listener *listener, struct workbench *bench, int fd, const struct addr *client)
{
	struct addr local = listener->bound;

	/* It fails when the client's RST was faster; then the port at least is known. */
	if (!listener->bound_to_one && !socket_name(fd, &local))
		local = listener->bound;
	if (addr_is_unix(&local))
		socket_prepare_unix(fd); /* a Unix socket inherits nothing */
	listeners_accepted(bench->track->listeners, listener->number, bench->number);
	conns_open(bench, listener->number, fd, client, &local);
}

/* What accept(2) may report that is one client's affair: try the next. */
static bool
is_clients_fault(int error)
{
	switch (error) {
	case ECONNABORTED:
	case EINTR:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case ENONET:
	case ETIMEDOUT:
	case EPERM: /* a firewall's word */
		return true;
	default:
		return false;
	}
}

enum accept_result
listener_accept(struct listener *listener, struct workbench *bench, int *error)
{
	struct table *table = bench->track->table;
	int burst = accept_pace_burst(&listener->pace, loop_turns(bench->loop));
	struct addr client;

	for (int i = 0; i < burst; i++) {
		if (!table_reserve(table))
			return ACCEPT_NO_PLACE;
		int fd = listening_accept(listener->fd, &client);
		if (fd >= 0) {
			open_conn(listener, bench, fd, &client);
			continue;
		}
		table_unreserve(table);
		if (fd == -EAGAIN) {
			accept_pace_end(&listener->pace, i);
			return ACCEPT_WAITING;
		}
		totals_add(&bench->totals->counts[TOTAL_ACCEPT_ERRORS], 1);
		if (is_clients_fault(-fd))
			continue;
		*error = -fd;
		return ACCEPT_SHORT;
	}
	return ACCEPT_AGAIN;
}
