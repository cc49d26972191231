/* SPDX-License-Identifier: MIT */
#include "net/tcp_info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* An older kernel fills less; `length` says how much. */
static socklen_t
ask(int fd, struct tcp_info *info, socklen_t length)
{
	memset(info, 0, sizeof(*info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) == -1 ? 0 : length;
}

bool
tcp_info_read(int fd, struct tcp_facts *facts)
{
	struct tcp_info info;
	socklen_t length = ask(fd, &info, sizeof(info));

	if (length < offsetof(struct tcp_info, tcpi_segs_out)) /* bytes_received stands before it, Linux 4.1 */
		return false;
	*facts = (struct tcp_facts){
		.state = info.tcpi_state,
		.retransmits = info.tcpi_retransmits,
		.probes = info.tcpi_probes,
		.last_ack_ms = info.tcpi_last_ack_recv,
		.not_sent = length >= offsetof(struct tcp_info, tcpi_min_rtt) ? info.tcpi_notsent_bytes : 0,
		.bytes_received = info.tcpi_bytes_received,
		.bytes_acked = info.tcpi_bytes_acked,
	};
	return true;
}

uint8_t
tcp_info_state(int fd)
{
	struct tcp_info info;

	return ask(fd, &info, offsetof(struct tcp_info, tcpi_ca_state)) == 0 ? 0 : info.tcpi_state;
}

bool
tcp_info_queue(int fd, uint32_t *length, uint32_t *limit)
{
	struct tcp_info info;

	/* sk_ack_backlog and sk_max_ack_backlog, in these places for a listener (net/ipv4/tcp.c). */
	if (ask(fd, &info, sizeof(info)) < offsetof(struct tcp_info, tcpi_lost))
		return false;
	*length = info.tcpi_unacked;
	*limit = info.tcpi_sacked;
	return true;
}

const char *
tcp_state_text(uint8_t state)
{
	static const char *const texts[] = {
		[1] = "established",
		[2] = "syn_sent",
		[3] = "syn_received",
		[4] = "fin_wait_1",
		[5] = "fin_wait_2",
		[6] = "time_wait",
		[7] = "closed",
		[8] = "close_wait",
		[9] = "last_ack",
		[10] = "listen",
		[11] = "closing",
	};

	return state < sizeof(texts) / sizeof(texts[0]) ? texts[state] : NULL;
}
