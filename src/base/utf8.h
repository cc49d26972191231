/* SPDX-License-Identifier: MIT */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes from strangers as characters.  Only what RFC 3629 allows is one: nothing
 * overlong, no surrogates, nothing above U+10FFFF. */

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Moves past the next character: true.  False: past bytes that are none, as many as
 * one U+FFFD stands for.  *at < end. */
bool utf8_next(const char **at, const char *end);

bool utf8_is_valid(const char *bytes, size_t count);

#endif
