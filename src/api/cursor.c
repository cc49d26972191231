/* SPDX-License-Identifier: MIT */
#include "api/cursor.h"

#include <string.h>

static const char kinds[] = "eth"; /* in the order of enum cursor_kind */
static const char digits[] = "0123456789abcdef";

static void
add_number(struct text *text, uint64_t number)
{
	char hex[16];
	size_t at = sizeof(hex);

	do {
		hex[--at] = digits[number & 15];
		number >>= 4;
	} while (number != 0);
	text_add_bytes(text, hex + at, sizeof(hex) - at);
}

void
cursor_format(const struct cursor *cursor, struct text *text)
{
	text_add_char(text, kinds[cursor->kind]);
	add_number(text, cursor->boot);
	for (int i = 0; i < cursor->count; i++) {
		text_add_char(text, '.');
		add_number(text, cursor->numbers[i]);
	}
}

/* One to sixteen digits, the first of several not 0. */
static bool
take_number(const char **at, uint64_t *number)
{
	size_t length = strspn(*at, digits);

	if (length == 0 || length > 16 || (length > 1 && **at == '0'))
		return false;
	*number = 0;
	for (; length > 0; length--)
		*number = *number << 4 | (uint64_t)(strchr(digits, *(*at)++) - digits);
	return true;
}

bool
cursor_parse(struct cursor *cursor, const char *text)
{
	const char *kind = *text == '\0' ? NULL : strchr(kinds, *text++);

	if (kind == NULL || !take_number(&text, &cursor->boot))
		return false;
	cursor->kind = (enum cursor_kind)(kind - kinds);
	for (cursor->count = 0; *text == '.' && cursor->count < CURSOR_NUMBERS_MAX; cursor->count++) {
		text++;
		if (!take_number(&text, &cursor->numbers[cursor->count]))
			return false;
	}
	return *text == '\0';
}
