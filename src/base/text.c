/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

void
text_init(struct text *text, char *bytes, size_t size)
{
	*text = (struct text){ .bytes = bytes, .size = size };
	bytes[0] = '\0';
}

void
text_add_bytes(struct text *text, const char *bytes, size_t count)
{
	size_t room = text->size - 1 - text->length;

	if (count > room) {
		count = room;
		text->truncated = true;
	}
	memcpy(text->bytes + text->length, bytes, count);
	text->length += count;
	text->bytes[text->length] = '\0';
}

void
text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void
text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

/* Numbers are most of what a list of connections is made of; snprintf is five times slower. */
void
text_add_u64(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void
text_add_i64(struct text *text, int64_t number)
{
	if (number < 0)
		text_add_char(text, '-');
	text_add_u64(text, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void
text_add_printable(struct text *text, const char *string)
{
	for (; *string != '\0'; string++)
		text_add_char(text, *string >= ' ' && *string <= '~' ? *string : '?');
}

void
text_addf(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->length;
	va_list values;

	va_start(values, format);
	int wanted = vsnprintf(text->bytes + text->length, room, format, values);
	va_end(values);
	if (wanted < 0)
		return;
	if ((size_t)wanted >= room) {
		text->truncated = true;
		wanted = (int)room - 1;
	}
	text->length += (size_t)wanted;
}

/* Cuts between characters of UTF-8, not inside one. */
static size_t
length_up_to(const char *string, size_t most)
{
	size_t length = strnlen(string, most + 1);

	if (length <= most)
		return length;
	while (most > 0 && ((unsigned char)string[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* Those of ASCII, and U+0080 to U+009F, with which a terminal may be steered as well as by ESC. */
static bool
is_control(const char *character)
{
	unsigned char first = (unsigned char)character[0];

	return iscntrl(first) || (first == 0xc2 && (unsigned char)character[1] < 0xa0);
}

void
text_add_quoted(struct text *text, const char *string)
{
	size_t length = length_up_to(string, 80);
	const char *end = string + length;

	text_add_char(text, '"');
	for (const char *at = string, *next = at; at < end; at = next) {
		if (utf8_next(&next, end) && !is_control(at))
			text_add_bytes(text, at, (size_t)(next - at));
		else
			text_add_char(text, '?');
	}
	text_add(text, *end == '\0' ? "\"" : "...\"");
}
