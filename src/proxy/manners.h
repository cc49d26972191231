/* SPDX-License-Identifier: MIT */
#ifndef PROXY_MANNERS_H
#define PROXY_MANNERS_H

#include <stdbool.h>
#include "base/addr.h"
#include "base/text.h"
#include "config/settings.h"
#include "net/socket.h"

/*
 * How the TCP sockets of our legs are set up: keepalive, and by --congestion the control of congestion.
 *
 * BBR paces what it sends, by timers, also where no wire is: on loopback one stream that is spliced carries a third of
 * what it carries under reno, and 16 of them a little more than half.  So `auto` gives sockets over loopback reno where
 * the system's own is another than reno and cubic, and leaves all others as they are.
 *
 * It is set before a connection begins, on the listening socket (whose children inherit it for nothing) or ahead of
 * connect.  One that BBR has begun goes on being paced under reno (sk_pacing_status, which the kernel's tcp_bbr.c sets,
 * stays): switched when it becomes large, one stream gained nothing, and 16 cost more.  Hence a client over loopback that comes to
 * a listener on every address is left to the system's control: it is known too late.
 *
 * Where the system does not pace, sockets over loopback that carry much get small buffers.  There is no path to be
 * kept full, and what waits grows cold: with 384 KiB instead of the megabytes that the kernel would let them grow to,
 * 16 streams carried 1.4 times as much, and one as much as before.  A socket that carries little never asks for them.
 */
struct manners {
	struct tcp_manner loopback, others;
};

/* Whether the algorithm that --congestion names may be had here.  False: the error says what may. */
bool manners_check(const struct settings *settings, struct text *error);

/* 0, or -errno of what `auto` asked of the kernel; then all legs are as the system has it.  `settings` must outlive it. */
int manners_init(struct manners *manners, const struct settings *settings);

/* For a socket that listens there, or is to be connected to there. */
const struct tcp_manner *manners_at(const struct manners *manners, const struct addr *addr);

/*
 * Of this manner, the keepalive of one socket of many: `number` tells which.  The first question comes up to a quarter of
 * the time earlier, and each further one up to a half later.
 *
 * Thousands that came in one moment would otherwise ask in one moment, all the more as the kernel's timers for so long
 * a time are no finer than two seconds, and so again each time that no answer came.  A queue of the kernel holds a thousand packets
 * (net.core.netdev_max_backlog, txqueuelen), and the same ones might be dropped each time: of 8,500 idle connections
 * over loopback, opened in two seconds, thousands were lost in this way after two minutes.
 */
struct tcp_manner manners_spread(const struct tcp_manner *manner, uint32_t number);

#endif
