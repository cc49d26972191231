/* SPDX-License-Identifier: MIT */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as people write them: "500ms", "64M", "1024".
 *
 * Parsing is strict: digits, then at once a unit; no sign, no space, no
 * fraction.  False for anything else, and for what does not fit; then nothing
 * was written.
 */

/* Digits alone. */
bool quantity_parse_count(uint64_t *count, const char *text);

/* "250us", "500ms", "5s", "2m", "1h", "1d"; only "0" needs no unit. */
bool quantity_parse_duration(int64_t *ns, const char *text);

/* "65536", "64k" or "64K", "64M", "2G", "1T": powers of 1024, as "64KiB" and "64MiB" are. */
bool quantity_parse_size(uint64_t *bytes, const char *text);

/* In the largest unit that leaves no rest: parsing gives the same again.  What is below 1ms is cut off. */
enum { QUANTITY_TEXT_MAX = 24 };
const char *quantity_format_duration(int64_t ns, char text[QUANTITY_TEXT_MAX]);
const char *quantity_format_size(uint64_t bytes, char text[QUANTITY_TEXT_MAX]);

#endif
