/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_ADMIN_URL_H
#define CLIENT_ADMIN_URL_H

#include <stdbool.h>
#include "base/text.h"

/*
 * Where a daemon answers HTTP, as people write it behind -s:
 *
 *   http://127.0.0.1:9100   https://proxy.example:9100/behind/this
 *   127.0.0.1:9100          as the daemon's -a takes it
 *   unix:/run/sockproxy     likewise
 */
enum { ADMIN_URL_MAX = 512, ADMIN_PATH_MAX = 108 };

struct admin_url {
	char base[ADMIN_URL_MAX];       /* "http://127.0.0.1:9100": a path follows */
	char unix_path[ADMIN_PATH_MAX]; /* "": over TCP */
	char shown[ADMIN_URL_MAX];      /* for people: what was written */
};

/* False: the error says what was expected. */
bool admin_url_parse(struct admin_url *url, const char *text, struct text *error);

#endif
