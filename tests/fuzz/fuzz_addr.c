/* SPDX-License-Identifier: MIT */
/* An address is refused, or its text parses to the same address again. */
#include "base/addr.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char text[256], first[ADDR_TEXT_MAX], second[ADDR_TEXT_MAX];
	struct addr addr, again;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (!addr_parse(&addr, text))
		return 0;
	addr_format(&addr, first, sizeof(first));
	assert(addr_parse(&again, first));
	assert(strcmp(first, addr_format(&again, second, sizeof(second))) == 0);
	assert(addr_is_unix(&addr) == addr_is_unix(&again));
	assert(addr_port(&addr) == addr_port(&again));
	return 0;
}
