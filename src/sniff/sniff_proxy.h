/* SPDX-License-Identifier: MIT */
#ifndef SNIFF_SNIFF_PROXY_H
#define SNIFF_SNIFF_PROXY_H

#include <stddef.h>
#include "base/flow.h"

/* The header by which a proxy in front of us says who its client is
 * (proxy-protocol.txt, versions 1 and 2, by the HAProxy project). */

enum sniff_answer {
	SNIFF_INCOMPLETE, /* good so far, and not all of it */
	SNIFF_COMPLETE,
	SNIFF_BAD, /* whatever comes, it will be no header */
};

enum { SNIFF_PROXY_MAX = 16384 }; /* a longer one is bad, though version 2 could be four times as long */

struct sniffed_proxy {
	size_t length; /* the payload begins here */
	int version;   /* 1 or 2 */

	/* Its client, and where that had connected to.  FLOW_NONE: it names nobody, and the socket's
	 * own addresses count.  FLOW_UNIX: the client has a Unix socket, and no address. */
	struct flow flow;
};

/* A pure function of the bytes.  header is written when complete, and by nothing else. */
enum sniff_answer sniff_proxy(const void *bytes, size_t size, struct sniffed_proxy *header);

#endif
