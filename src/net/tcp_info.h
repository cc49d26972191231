/* SPDX-License-Identifier: MIT */
#ifndef NET_TCP_INFO_H
#define NET_TCP_INFO_H

#include <stdbool.h>
#include <stdint.h>

/* What we ask the kernel of a TCP socket (tcp(7), TCP_INFO).  Counts are the kernel's own:
 * bytes_received has one more once a FIN came, bytes_acked one more for our SYN where we
 * connected, and one more once our FIN was acknowledged. */
struct tcp_facts {
	uint8_t state;        /* as in linux/tcp.h: 1 established … */
	uint8_t retransmits;  /* timeouts in a row without an answer */
	uint8_t probes;       /* window or keepalive probes in a row without an answer */
	uint32_t last_ack_ms; /* since the last acknowledgement came */
	uint32_t not_sent;    /* bytes in the send queue that never left; our FIN counts as one */
	uint64_t bytes_received, bytes_acked;
};

/* False: not a TCP socket, or the kernel would not say. */
bool tcp_info_read(int fd, struct tcp_facts *facts);

/* The state alone, which is cheaper; 0: unknown. */
uint8_t tcp_info_state(int fd);

/* For a listening socket: clients that wait to be accepted, and how many may.  False: unknown. */
bool tcp_info_queue(int fd, uint32_t *length, uint32_t *limit);

/* The kernel's numbers (include/net/tcp_states.h). */
enum {
	TCP_IS_ESTABLISHED = 1,
	TCP_IS_SYN_RECEIVED = 3,
	TCP_IS_FIN_WAIT_1 = 4,
	TCP_IS_FIN_WAIT_2 = 5,
	TCP_IS_TIME_WAIT = 6,
	TCP_IS_CLOSED = 7,
	TCP_IS_CLOSE_WAIT = 8,
	TCP_IS_LAST_ACK = 9,
	TCP_IS_CLOSING = 11,
};

/* RFC 9293's word, "established"; NULL: not a state. */
const char *tcp_state_text(uint8_t state);

#endif
