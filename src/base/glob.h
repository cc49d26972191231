/* SPDX-License-Identifier: MIT */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

/*
 * Whether the whole text is as the pattern says: * stands for any bytes, ? for one
 * byte, [a-z] for one of these and [!a-z] for one of no such; \ takes the next one as it is.
 * ASCII letters are alike in both cases.  Takes at most the product of both lengths.
 */
bool glob_matches(const char *pattern, const char *text);

#endif
