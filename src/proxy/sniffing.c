/* SPDX-License-Identifier: MIT */
#include "proxy/sniffing.h"

#include "net/socket.h"
#include "proxy/chronicle.h"
#include "sniff/sniff_proxy.h"

_Static_assert((int)SNIFF_PROXY_MAX <= (int)PUMP_RUN_MAX, "the longest header fits in the worker's buffer");
_Static_assert(SNIFF_PROXY_MAX <= UINT16_MAX, "its length fits in conn's preface");

/* A Unix socket may give it in pieces. */
static bool
take(struct conn *conn, size_t length)
{
	while (conn->preface < length) {
		ssize_t taken = socket_recv(
		    conn->legs[LEG_CLIENT].watch.fd, conn->bench->tools.big, length - conn->preface);

		if (taken <= 0)
			return false;
		conn->preface += (uint16_t)taken;
	}
	return true;
}

static void
name_client(struct conn *conn, const struct sniffed_proxy *header)
{
	struct record *record = chronicle_edit(conn);

	if (header->flow.protocol == FLOW_NONE)
		return;
	record->client_source = header->version == 1 ? CLIENT_PROXY_V1 : CLIENT_PROXY_V2;
	record->client_protocol = header->flow.protocol;
	record->client = header->flow.source;
	if (conn->bench->destinations != NULL)
		conn->bench->destinations[conn->slot] = header->flow.destination;
}

/* A read would also tell the socket's error, and only once: so it is asked for what is there and nothing else. */
enum conn_event
sniffing_look(struct conn *conn, bool ended)
{
	int fd = conn->legs[LEG_CLIENT].watch.fd;
	ssize_t got = socket_inq(fd) > 0 ? socket_peek(fd, conn->bench->tools.big, SNIFF_PROXY_MAX) : 0;
	struct sniffed_proxy header;

	if (got <= 0)
		return ended ? EV_CLIENT_FIN : EV_NONE;
	switch (sniff_proxy(conn->bench->tools.big, (size_t)got, &header)) {
	case SNIFF_INCOMPLETE:
		return ended ? EV_HEADER_INVALID : EV_NONE;
	case SNIFF_BAD:
		return EV_HEADER_INVALID;
	case SNIFF_COMPLETE:
		break;
	}
	if (!take(conn, header.length))
		return EV_HEADER_INVALID; /* what it saw is not to be had */
	name_client(conn, &header);
	if (socket_inq(fd) > 0)
		chronicle_first_byte(conn, LEG_CLIENT);
	return EV_ROUTED;
}
