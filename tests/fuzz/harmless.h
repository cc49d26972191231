/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_HARMLESS_H
#define FUZZ_HARMLESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* What may reach a terminal: whole characters that take room, ends of lines, and whole inks.  LC_CTYPE must be one of
 * UTF-8. */

static inline void
expect(bool promise)
{
	if (!promise)
		abort();
}

/* 0: it is none. */
static inline size_t
ink_length(const char *at)
{
	static const char *const inks[] = { "\033[0m", "\033[1m", "\033[2m", "\033[7m", "\033[31m", "\033[32m",
		"\033[33m", "\033[36m" };

	for (size_t i = 0; i < sizeof(inks) / sizeof(inks[0]); i++) {
		if (strncmp(at, inks[i], strlen(inks[i])) == 0)
			return strlen(inks[i]);
	}
	return 0;
}

/* An ink ends with its line; a bar needs no end. */
static inline void
expect_harmless(const char *at)
{
	mbstate_t state = { 0 };
	bool inked = false;
	wchar_t character;

	while (*at != '\0') {
		size_t length = *at == '\n' ? 1 : ink_length(at);

		if (*at == '\n')
			expect(!inked);
		else if (length > 0 && at[2] != '7')
			inked = at[2] != '0';
		if (length == 0) {
			length = mbrtowc(&character, at, strlen(at), &state);
			expect(length != (size_t)-1 && length != (size_t)-2 && wcwidth(character) > 0);
		}
		at += length;
	}
	expect(!inked);
}

#endif
