/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_TLS_H
#define SUPPORT_TLS_H

#include <gnutls/gnutls.h>
#include <stddef.h>
#include "base/addr.h"

/* Certificates of the test's own making, and a client that believes nothing else. */

/* A certificate for localhost that signs itself, valid until so many seconds from now, and its key
 * (mode 600). */
void tls_make(const char *certificate, const char *key, long seconds);

/* Sends `request` and reads until the end, into memory that the next call overwrites.  `certificate` is the only one
 * trusted; `priorities` NULL: as the library likes it.  The answer, or NULL when there was no TLS; *fault says why. */
const char *
tls_ask(const struct addr *at, const char *certificate, const char *priorities, const char *request, int *fault);

#endif
