/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

/* What may follow a first byte: how many bytes, and the range of the next one, which is
 * where overlong forms, surrogates and too large numbers show. */
struct lead {
	int more;
	unsigned char low, high;
};

static struct lead
lead_of(unsigned char byte)
{
	if (byte < 0xc2 || byte > 0xf4)
		return (struct lead){ 0 };
	if (byte < 0xe0)
		return (struct lead){ 1, 0x80, 0xbf };
	if (byte < 0xf0)
		return (struct lead){ 2, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf };
	return (struct lead){ 3, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf };
}

bool
utf8_next(const char **at, const char *end)
{
	unsigned char first = (unsigned char)*(*at)++;
	struct lead lead = lead_of(first);

	if (first < 0x80)
		return true;
	if (lead.more == 0)
		return false;
	for (int i = 0; i < lead.more; i++) {
		unsigned char byte = *at < end ? (unsigned char)**at : 0;

		if (byte < (i == 0 ? lead.low : 0x80) || byte > (i == 0 ? lead.high : 0xbf))
			return false;
		(*at)++;
	}
	return true;
}

bool
utf8_is_valid(const char *bytes, size_t count)
{
	const char *end = bytes + count;

	while (bytes < end) {
		if (!utf8_next(&bytes, end))
			return false;
	}
	return true;
}
