/* SPDX-License-Identifier: MIT */
#ifndef NET_TCP_INFO_H
#define NET_TCP_INFO_H

#include <stdbool.h>
#include <stdint.h>

/* Where the kernel does not say, or has not measured yet. */
#define TCP_UNKNOWN_32 UINT32_MAX
#define TCP_UNKNOWN_64 UINT64_MAX

/* The path of a leg as its socket sees it: what a record keeps of TCP_INFO, in the kernel's own counts. */
struct tcp_sample {
	uint32_t rtt_us, rtt_var_us, min_rtt_us;
	uint32_t cwnd_segments, ssthresh_segments; /* ssthresh unknown: no loss has set it yet */
	uint32_t mss_send_bytes, pmtu_bytes;
	uint32_t retransmits_total, unacked_segments, lost_segments, reordering;
	uint32_t send_window_bytes; /* what the other side's window still takes */
	uint32_t not_sent_bytes;    /* of the send queue, what never left; our FIN counts as one */
	uint32_t segments_sent, segments_received;
	uint64_t bytes_retransmitted;
	uint64_t delivery_rate, pacing_rate; /* bytes a second */
	uint64_t busy_us, rwnd_limited_us,
	    sndbuf_limited_us; /* of its life: something to send; held up by a window, by our buffer */
};

/* What we ask the kernel of a TCP socket (tcp(7), TCP_INFO).  Counts are the kernel's own:
 * bytes_received has one more once a FIN came, bytes_acked one more for our SYN where we
 * connected, and one more once our FIN was acknowledged. */
struct tcp_facts {
	uint8_t state;        /* as in linux/tcp.h: 1 established … */
	uint8_t retransmits;  /* timeouts in a row without an answer */
	uint8_t probes;       /* window or keepalive probes in a row without an answer */
	bool app_limited;     /* the delivery rate was measured while we had too little to send */
	uint32_t last_ack_ms; /* since the last acknowledgement came */
	uint64_t bytes_received, bytes_acked;
	struct tcp_sample sample;
};

/* Of the send queue, what never left; 0 where the kernel does not say. */
static inline uint32_t
tcp_not_sent(const struct tcp_facts *facts)
{
	return facts->sample.not_sent_bytes != TCP_UNKNOWN_32 ? facts->sample.not_sent_bytes : 0;
}

/* The name of the congestion control algorithm, "bbr"; "" where the kernel does not say. */
enum { TCP_CONGESTION_MAX = 16 };
void tcp_congestion_read(int fd, char name[TCP_CONGESTION_MAX]);

/* False: not a TCP socket, or the kernel would not say. */
bool tcp_info_read(int fd, struct tcp_facts *facts);

/* The state alone, which is cheaper; 0: unknown. */
uint8_t tcp_info_state(int fd);

/* For a listening socket: clients that wait to be accepted, and how many may.  False: unknown. */
bool tcp_info_queue(int fd, uint32_t *length, uint32_t *limit);

/* The kernel's numbers (include/net/tcp_states.h). */
enum {
	TCP_IS_ESTABLISHED = 1,
	TCP_IS_SYN_SENT = 2,
	TCP_IS_SYN_RECEIVED = 3,
	TCP_IS_FIN_WAIT_1 = 4,
	TCP_IS_FIN_WAIT_2 = 5,
	TCP_IS_TIME_WAIT = 6,
	TCP_IS_CLOSED = 7,
	TCP_IS_CLOSE_WAIT = 8,
	TCP_IS_LAST_ACK = 9,
	TCP_IS_CLOSING = 11,
	TCP_STATES /* count, keep last */
};

/* RFC 9293's word, "established"; NULL: not a state. */
const char *tcp_state_text(uint8_t state);

#endif
