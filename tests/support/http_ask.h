/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_HTTP_ASK_H
#define SUPPORT_HTTP_ASK_H

#include <stddef.h>
#include "base/addr.h"

/* An HTTP client without manners: it sends what it is told, byte for byte. */
struct answer {
	int status;    /* 0: the connection ended without one */
	char *headers; /* each line with its CR LF */
	char *body;    /* whole, with a NUL behind it */
	size_t length;
};

int http_connect(const struct addr *addr);
void http_send(int fd, const char *bytes, size_t count);

/* Reads one answer.  `bodiless`: it is to a HEAD. */
void http_read(int fd, struct answer *answer, int bodiless);

/* Connects, sends, reads, closes. */
void http_ask(const struct addr *addr, const char *request, struct answer *answer);

/* GET `target` with a good Host header. */
void http_get(const struct addr *addr, const char *target, struct answer *answer);

/* The value of a header, in memory that the next call overwrites; NULL: not there. */
const char *http_header(const struct answer *answer, const char *name);

void http_forget(struct answer *answer);

#endif
