/* SPDX-License-Identifier: MIT */
#ifndef API_TOKEN_H
#define API_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"

/*
 * The one token that opens the HTTP interface.  Only its SHA-256 stays in
 * memory: nothing that we print or that is read out of us gives it away.
 */
enum { TOKEN_LEAST = 16, TOKEN_MOST = 256 };

struct token {
	bool wanted; /* false: who reaches us may ask */
	uint8_t digest[32];
};

/* One line of TOKEN_LEAST to TOKEN_MOST visible ASCII characters.  False: `why` was told, and none of the token. */
bool token_read(struct token *token, const char *path, struct text *why);

/* Takes as long for a wrong one, wherever it is wrong. */
bool token_is(const struct token *token, const char *text);

#endif
