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

/* True: the kernel filled this member, and all before it. */
#define HAS(length, member) ((length) >= offsetof(struct tcp_info, member) + sizeof(((struct tcp_info *)0)->member))

static uint64_t
known_64(bool told, uint64_t value)
{
	return told ? value : TCP_UNKNOWN_64;
}

static uint32_t
known_32(bool told, uint32_t value)
{
	return told ? value : TCP_UNKNOWN_32;
}

/* What the kernel says before it has measured is no measurement (net/ipv4/tcp.c, tcp_get_info): an rtt of 0, a
 * least rtt of all ones, a threshold of TCP_INFINITE_SSTHRESH, a delivery rate of 0, no limit to the pace. */
static void
take_sample(struct tcp_sample *sample, const struct tcp_info *info, socklen_t length)
{
	enum { INFINITE_SSTHRESH = 0x7fffffff };

	*sample = (struct tcp_sample){
		.rtt_us = known_32(info->tcpi_rtt != 0, info->tcpi_rtt),
		.rtt_var_us = known_32(info->tcpi_rtt != 0, info->tcpi_rttvar),
		.min_rtt_us = known_32(HAS(length, tcpi_min_rtt) && info->tcpi_rtt != 0, info->tcpi_min_rtt),
		.cwnd_segments = info->tcpi_snd_cwnd,
		.ssthresh_segments = known_32(info->tcpi_snd_ssthresh < INFINITE_SSTHRESH, info->tcpi_snd_ssthresh),
		.mss_send_bytes = info->tcpi_snd_mss,
		.pmtu_bytes = known_32(info->tcpi_pmtu != 0, info->tcpi_pmtu),
		.retransmits_total = info->tcpi_total_retrans,
		.unacked_segments = info->tcpi_unacked,
		.lost_segments = info->tcpi_lost,
		.reordering = info->tcpi_reordering,
		.send_window_bytes = known_32(HAS(length, tcpi_snd_wnd), info->tcpi_snd_wnd),
		.not_sent_bytes = known_32(HAS(length, tcpi_notsent_bytes), info->tcpi_notsent_bytes),
		.segments_sent = known_32(HAS(length, tcpi_segs_out), info->tcpi_segs_out),
		.segments_received = known_32(HAS(length, tcpi_segs_in), info->tcpi_segs_in),
		.bytes_retransmitted = known_64(HAS(length, tcpi_bytes_retrans), info->tcpi_bytes_retrans),
		.delivery_rate = known_64(
		    HAS(length, tcpi_delivery_rate) && info->tcpi_delivery_rate != 0, info->tcpi_delivery_rate),
		.pacing_rate = known_64(HAS(length, tcpi_pacing_rate), info->tcpi_pacing_rate),
		.busy_us = known_64(HAS(length, tcpi_busy_time), info->tcpi_busy_time),
		.rwnd_limited_us = known_64(HAS(length, tcpi_rwnd_limited), info->tcpi_rwnd_limited),
		.sndbuf_limited_us = known_64(HAS(length, tcpi_sndbuf_limited), info->tcpi_sndbuf_limited),
	};
}

bool
tcp_info_read(int fd, struct tcp_facts *facts)
{
	struct tcp_info info;
	socklen_t length = ask(fd, &info, sizeof(info));

	if (!HAS(length, tcpi_bytes_received)) /* Linux 4.1 */
		return false;
	*facts = (struct tcp_facts){
		.state = info.tcpi_state,
		.retransmits = info.tcpi_retransmits,
		.probes = info.tcpi_probes,
		.app_limited = info.tcpi_delivery_rate_app_limited,
		.last_ack_ms = info.tcpi_last_ack_recv,
		.bytes_received = info.tcpi_bytes_received,
		.bytes_acked = info.tcpi_bytes_acked,
	};
	take_sample(&facts->sample, &info, length);
	return true;
}

void
tcp_congestion_read(int fd, char name[TCP_CONGESTION_MAX])
{
	socklen_t length = TCP_CONGESTION_MAX;

	memset(name, 0, TCP_CONGESTION_MAX);
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == -1)
		name[0] = '\0';
	name[TCP_CONGESTION_MAX - 1] = '\0';
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
	static const char *const texts[TCP_STATES] = {
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

	return state < TCP_STATES ? texts[state] : NULL;
}
