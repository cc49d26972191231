/* SPDX-License-Identifier: MIT */
#ifndef API_CERTIFICATE_H
#define API_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"

/* Certificate and key of the HTTP interface, as PEM.  The texts are needed until the server has started. */
struct certificate {
	char *chain, *key; /* from malloc, both or none */
	size_t chain_length, key_length;
};

/* Reads both, and tries whether they can be used and belong together.  False: `why` was told which file
 * is at fault.  One that is outdated is used, and complained of in the log. */
bool certificate_read(struct certificate *certificate, const char *chain_path, const char *key_path, struct text *why);

/* Leaves nothing of the key in memory. */
void certificate_forget(struct certificate *certificate);

#endif
