/* SPDX-License-Identifier: MIT */
/* A network is refused and says why, or its text parses to the same network again, which contains its first address. */
#include "base/network.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char text[256], said[512], first[NETWORK_TEXT_MAX], second[NETWORK_TEXT_MAX];
	struct network network, again;
	struct text expected;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	text_init(&expected, said, sizeof(said));
	bool parsed = network_parse(&network, text, &expected);
	assert(parsed == (expected.length == 0) && !expected.truncated);
	if (!parsed)
		return 0;
	network_format(&network, first, sizeof(first));
	assert(network_parse(&again, first, &expected));
	assert(strcmp(first, network_format(&again, second, sizeof(second))) == 0);
	assert(memcmp(network.ip, again.ip, sizeof(again.ip)) == 0 && network.prefix == again.prefix);
	assert(network_contains(&network, network.ip));
	return 0;
}
