/* SPDX-License-Identifier: MIT */
#include "api/token.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include "api/private_file.h"

enum { LINE_END_MAX = 2 };

static const char *
fault_of(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return "must hold one token in one line: visible ASCII characters and no space";
	}
	if (length < TOKEN_LEAST || length > TOKEN_MOST)
		return "must hold a token of 16 to 256 characters";
	return NULL;
}

static bool
digest(uint8_t result[32], const char *text, size_t length)
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text, length, result) == 0;
}

_Static_assert(TOKEN_LEAST == 16 && TOKEN_MOST == 256, "the message says so");

bool
token_read(struct token *token, const char *path, struct text *why)
{
	size_t length, whole;
	char *text = private_file_read(path, FILE_SECRET, TOKEN_MOST + LINE_END_MAX, &whole, why);
	const char *fault;

	if (text == NULL)
		return false;
	length = whole;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length > 0 && length < whole && text[length - 1] == '\r')
		length--;
	fault = fault_of(text, length);
	if (fault == NULL && !digest(token->digest, text, length))
		fault = "cannot be used: this GnuTLS has no SHA-256";
	token->wanted = fault == NULL;
	private_file_forget(text, whole);
	if (fault != NULL) {
		text_add_quoted(why, path);
		text_addf(why, " %s", fault);
	}
	return token->wanted;
}

bool
token_is(const struct token *token, const char *text)
{
	uint8_t asked[32];

	return digest(asked, text, strlen(text)) && gnutls_memcmp(asked, token->digest, sizeof(asked)) == 0;
}
