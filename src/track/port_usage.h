/* SPDX-License-Identifier: MIT */
#ifndef TRACK_PORT_USAGE_H
#define TRACK_PORT_USAGE_H

#include "track/sighting.h"

/*
 * Source ports that run out towards an address of a target: each of our source addresses has so many for it
 * (net.ipv4.ip_local_port_range).  A port is taken by each connection that lives, and for a minute behind one that
 * we closed first, by TIME_WAIT.  The kernel counts those of all programs together; so they are reckoned from what
 * closed here, and are never more than the kernel has.
 */
struct port_usage;

enum { PORT_SHORTAGES_LEAST = 5, PORT_ADDRESSES_MAX = 256 };
#define PORT_SHORTAGES_WINDOW_NS (INT64_C(600) * 1000000000)

/* What the kernel says (net/ports.h). */
struct port_limits {
	int of_one_source; /* 0: unknown */
	int64_t time_wait; /* -1: unknown */
};

struct port_usage *port_usage_new(const struct settings *settings); /* NULL: no memory */
void port_usage_free(struct port_usage *usage);

/* A connection that has closed. */
void port_usage_take(struct port_usage *usage, const struct sighting *sighting);

/* All that live, anew: begin, and then each. */
void port_usage_begin_live(struct port_usage *usage);
void port_usage_take_live(struct port_usage *usage, const struct sighting *sighting, int64_t now_ns);

void port_usage_judge(struct port_usage *usage, const struct port_limits *limits, const struct moment *moment,
    struct findings_list *list);

#endif
