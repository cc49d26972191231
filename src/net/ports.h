/* SPDX-License-Identifier: MIT */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include <stdint.h>

/* What the kernel says of source ports, in our network namespace. */

/* How long one stays taken behind a connection that we closed first (TCP_TIMEWAIT_LEN of the kernel). */
enum { PORTS_KEPT_SECONDS = 60 };

/* How many one source address has towards one target: net.ipv4.ip_local_port_range.  0: unknown. */
int ports_of_one_source(void);

/* Sockets in TIME_WAIT, whoever's they were and wherever they led.  -1: unknown. */
int64_t ports_in_time_wait(void);

#endif
