/* SPDX-License-Identifier: MIT */
/*
 * What a client says first.  Whatever it is, it is no header, a part of one, or
 * one; saying more never takes an answer back; and what a header names, our own
 * writer can say again.
 */
#include "sniff/sniff_proxy.h"
#include "upstream/proxy_header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
expect(bool promise)
{
	if (!promise)
		abort();
}

static void
try_shorter(const uint8_t *bytes, size_t size, enum sniff_answer answer, size_t length)
{
	struct sniffed_proxy header;
	enum sniff_answer shorter = sniff_proxy(bytes, size, &header);

	if (answer == SNIFF_COMPLETE)
		expect(shorter == (size < length ? SNIFF_INCOMPLETE : SNIFF_COMPLETE));
	else
		expect(shorter == SNIFF_INCOMPLETE || shorter == answer);
}

static bool
is_same(const struct flow *one, const struct flow *other)
{
	return one->protocol == other->protocol && memcmp(&one->source, &other->source, sizeof(one->source)) == 0 &&
	       memcmp(&one->destination, &other->destination, sizeof(one->destination)) == 0;
}

static void
try_again(const struct sniffed_proxy *header, enum proxy_out version)
{
	char written[PROXY_HEADER_MAX];
	size_t size = proxy_header_write(written, version, &header->flow, NULL);
	struct sniffed_proxy again;

	expect(sniff_proxy(written, size, &again) == SNIFF_COMPLETE);
	expect(again.length == size && again.version == (version == PROXY_OUT_V1 ? 1 : 2));
	if (header->flow.protocol == FLOW_UNIX && version == PROXY_OUT_V1)
		expect(again.flow.protocol == FLOW_NONE); /* it has no word for that */
	else
		expect(is_same(&again.flow, &header->flow));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sniffed_proxy header = { .length = 0 };
	enum sniff_answer answer = sniff_proxy(bytes, size, &header);

	for (size_t shorter = 0; shorter < size && shorter < 256; shorter++)
		try_shorter(bytes, shorter, answer, header.length);
	if (answer != SNIFF_COMPLETE)
		return 0;
	expect(header.length > 0 && header.length <= size && header.length <= SNIFF_PROXY_MAX);
	try_again(&header, PROXY_OUT_V1);
	try_again(&header, PROXY_OUT_V2);
	return 0;
}
