/* SPDX-License-Identifier: MIT */
#ifndef TRACK_LEG_H
#define TRACK_LEG_H

/* The two halves of a connection: sockproxy is server on one, client on the other. */
enum leg_name { LEG_CLIENT, LEG_UPSTREAM, LEG_COUNT };

#define LEG_NONE LEG_COUNT /* neither, where one may be named */

/* "client", "upstream"; NULL for LEG_NONE */
const char *leg_text(enum leg_name leg);

static inline enum leg_name
leg_other(enum leg_name leg)
{
	return leg == LEG_CLIENT ? LEG_UPSTREAM : LEG_CLIENT;
}

#endif
