/* SPDX-License-Identifier: MIT */
#ifndef PROXY_SYMPTOMS_H
#define PROXY_SYMPTOMS_H

#include <stdbool.h>
#include <stdint.h>
#include "net/tcp_info.h"
#include "proxy/lifecycle.h"

/*
 * What an end looks like from user space, and what it means: every rule by which
 * errnos, states and counts of the kernel are told apart, in one place.  What it
 * then leads to says lifecycle.c.
 *
 *   seen                                        means
 *   EPOLLRDHUP, recv 0, no error                FIN
 *   EPOLLERR, SO_ERROR ECONNRESET               RST; bytes before it can still be read
 *   EPOLLERR, SO_ERROR EPIPE                    FIN, then RST (net/ipv4/tcp_input.c, tcp_reset) …
 *   ECONNRESET, and the kernel counts one byte  … the same, once we had sent our own FIN
 *     more than there was payload
 *   recv 0 behind an error that send had met    no FIN: a socket tells its error once
 *   EPIPE or ENOTCONN of our own send           the same error, met there: SO_ERROR has it
 *   ETIMEDOUT, EHOSTUNREACH …                   lost: keepalive, retransmissions, ICMP
 *   SO_ERROR without EPOLLERR                   nothing: the soft error of a packet that was
 *                                               lost and sent again
 */

enum symptom {
	SYMPTOM_RST,
	SYMPTOM_FIN_THEN_RST,
	SYMPTOM_LOST, /* no answer any more, by whatever errno */
};
enum symptom symptom_of_error(int error);

/* The event of an errno by which a connect failed, of the last target or of all. */
enum conn_event symptom_of_connect(int error);

/* A RST behind a FIN that we could not read: the kernel counts what came, the FIN as one.
 * `read` is what we have read of it. */
bool symptom_has_finished(int fd, uint64_t read);

/* Closing it abruptly puts a RST on the wire.  fin_came: its FIN, whatever the state says, which may be
 * older than the counts. */
bool symptom_may_reset(const struct tcp_facts *facts, bool fin_came);

#endif
