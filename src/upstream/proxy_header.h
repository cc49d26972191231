/* SPDX-License-Identifier: MIT */
#ifndef UPSTREAM_PROXY_HEADER_H
#define UPSTREAM_PROXY_HEADER_H

#include <stddef.h>
#include "base/flow.h"
#include "config/settings.h"

/* The PROXY protocol, by which an upstream learns who the client is
 * (proxy-protocol.txt, versions 1 and 2, by the HAProxy project). */
enum { PROXY_HEADER_MAX = 232 };

/* The header for this client leg; returns its length, 0 for PROXY_OUT_NONE.
 * path: of a Unix client leg, else NULL. */
size_t
proxy_header_write(char header[PROXY_HEADER_MAX], enum proxy_out version, const struct flow *client, const char *path);

#endif
