/* SPDX-License-Identifier: MIT */
#ifndef API_DOOR_H
#define API_DOOR_H

#include <stdbool.h>
#include "api/certificate.h"
#include "api/token.h"
#include "base/text.h"
#include "config/settings.h"

/* What the HTTP interface is locked with, out of the files that settings name. */
struct door {
	struct token token;
	struct certificate certificate; /* none: plain HTTP */
};

/* False: `why` is a sentence that names the option, and holds nothing secret. */
bool door_open(struct door *door, const struct settings *settings, struct text *why);

/* Once the server has started, or will not. */
void door_forget(struct door *door);

#endif
