/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text that grows inside memory of the caller's, and never beyond it.
 *
 * What does not fit is cut and `truncated` says so; `bytes` always ends in NUL.
 */
struct text {
	char *bytes;
	size_t size, length; /* length < size, without the NUL */
	bool truncated;
};

/* size > 0 */
void text_init(struct text *text, char *bytes, size_t size);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_add_char(struct text *text, char c);
void text_add_u64(struct text *text, uint64_t number);
void text_add_i64(struct text *text, int64_t number);

/* For a terminal: what is not printable ASCII becomes `?`, so that no name can steer it. */
void text_add_printable(struct text *text, const char *string);

void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what somebody else wrote: in quotes, on one line (control characters, and
 * what is no UTF-8, become ?), and cut with ... when it is longer than 80 bytes. */
void text_add_quoted(struct text *text, const char *string);

#endif
