/* SPDX-License-Identifier: MIT */
#ifndef PROXY_SNIFFING_H
#define PROXY_SNIFFING_H

#include "proxy/conn_parts.h"

/*
 * What the client says before its payload: the PROXY header of --proxy-in.
 *
 * Looks at what came, and leaves it in the socket until the header is whole.
 * Then it takes the header, not a byte more, and the record names the client.
 *
 * ended: the client's FIN is in.  EV_ROUTED: on to the upstream; EV_NONE: more must
 * come, and will make an edge; else what came of it.
 */
enum conn_event sniffing_look(struct conn *conn, bool ended);

#endif
