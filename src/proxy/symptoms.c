/* SPDX-License-Identifier: MIT */
#include "proxy/symptoms.h"

#include <errno.h>
#include "net/socket.h"

static const struct {
	int error;
	enum symptom symptom;
} errors[] = {
	{ ECONNRESET, SYMPTOM_RST },
	{ EPIPE, SYMPTOM_FIN_THEN_RST },
};

enum symptom
symptom_of_error(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].error == error)
			return errors[i].symptom;
	}
	return SYMPTOM_LOST;
}

static const struct {
	int error;
	enum conn_event event;
} failed_connects[] = {
	{ ECONNREFUSED, EV_REFUSED },      /* a RST, or ICMP port unreachable */
	{ ETIMEDOUT, EV_CONNECT_TIMEOUT }, /* our timer, or the kernel's SYNs are used up */
	{ EMFILE, EV_NO_FDS },             /* of the process */
	{ ENFILE, EV_NO_FDS },             /* of the system */
	{ ENOMEM, EV_NO_MEMORY }, { ENOBUFS, EV_NO_MEMORY }, { ENOSPC, EV_NO_MEMORY }, /* epoll's max_user_watches */
	{ EADDRNOTAVAIL, EV_NO_PORTS }, /* ip_local_port_range is used up towards this target */
};

enum conn_event
symptom_of_connect(int error)
{
	for (size_t i = 0; i < sizeof(failed_connects) / sizeof(failed_connects[0]); i++) {
		if (failed_connects[i].error == error)
			return failed_connects[i].event;
	}
	return EV_UNREACHABLE;
}

bool
symptom_has_finished(int fd, uint64_t read)
{
	struct tcp_facts facts;
	int unread;

	if (!tcp_info_read(fd, &facts))
		return false;
	unread = socket_inq(fd);
	return facts.bytes_received > read + (uint64_t)(unread > 0 ? unread : 0);
}

/* net/ipv4/tcp.c, tcp_need_reset and tcp_disconnect.  Both FINs make it closing at least. */
bool
symptom_may_reset(const struct tcp_facts *facts, bool fin_came)
{
	switch (facts->state) {
	case TCP_IS_ESTABLISHED:
	case TCP_IS_SYN_RECEIVED:
	case TCP_IS_CLOSE_WAIT:
		return true;
	case TCP_IS_FIN_WAIT_1:
	case TCP_IS_FIN_WAIT_2:
		return !fin_came || tcp_not_sent(facts) > 0;
	case TCP_IS_LAST_ACK:
	case TCP_IS_CLOSING:
		return tcp_not_sent(facts) > 0;
	default:
		return false;
	}
}
