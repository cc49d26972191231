/* SPDX-License-Identifier: MIT */
#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/flow.h"
#include "base/quantity.h"

enum { BITS = 128, MAPPED_BITS = 96 };

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_v4(const uint8_t ip[16])
{
	return memcmp(ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

static bool
parse_ip(uint8_t ip[16], const char *text)
{
	memcpy(ip, v4_mapped, sizeof(v4_mapped));
	return inet_pton(AF_INET, text, ip + sizeof(v4_mapped)) == 1 || inet_pton(AF_INET6, text, ip) == 1;
}

/* Clears what is beyond the prefix.  True: something was set there. */
static bool
cut(struct network *network)
{
	bool was_set = false;

	for (int i = 0; i < 16; i++) {
		int kept = network->prefix - 8 * i;
		uint8_t mask = kept >= 8 ? 0 : kept <= 0 ? 0xff : (uint8_t)(0xff >> kept);

		was_set |= (network->ip[i] & mask) != 0;
		network->ip[i] &= (uint8_t)~mask;
	}
	return was_set;
}

bool
network_parse(struct network *network, const char *text, struct text *expected)
{
	char host[INET6_ADDRSTRLEN], meant[NETWORK_TEXT_MAX];
	size_t length = strcspn(text, "/");
	uint64_t bits;

	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (length >= sizeof(host) || !parse_ip(network->ip, host)) {
		text_add(expected, "must be an IP address or a network, as 10.0.0.0/8 or 2001:db8::/32");
		return false;
	}
	/* What is written as IPv4 counts its prefix as IPv4. */
	unsigned first = strchr(host, ':') == NULL ? MAPPED_BITS : 0, most = BITS - first;

	bits = most;
	if (text[length] == '/' && (!quantity_parse_count(&bits, text + length + 1) || bits > most)) {
		text_addf(expected, "the prefix must be 0 to %u", most);
		return false;
	}
	network->prefix = (uint8_t)(first + bits);
	if (!cut(network))
		return true;
	text_addf(expected, "bits are set beyond the prefix: %s was meant, or %s alone",
	    network_format(network, meant, sizeof(meant)), host);
	return false;
}

const char *
network_format(const struct network *network, char *text, size_t size)
{
	struct flow_end end = { .port = 0 };
	char ip[INET6_ADDRSTRLEN];
	bool v4 = is_v4(network->ip);

	memcpy(end.ip, network->ip, sizeof(end.ip));
	if (network->prefix == BITS)
		snprintf(text, size, "%s", flow_ip_format(&end, ip));
	else
		snprintf(text, size, "%s/%d", flow_ip_format(&end, ip), network->prefix - (v4 ? MAPPED_BITS : 0));
	return text;
}

bool
network_contains(const struct network *network, const uint8_t ip[16])
{
	int whole = network->prefix / 8, rest = network->prefix % 8;

	if (network->prefix < MAPPED_BITS && is_v4(ip))
		return false;
	return memcmp(network->ip, ip, (size_t)whole) == 0 &&
	       (rest == 0 || (network->ip[whole] ^ ip[whole]) >> (8 - rest) == 0);
}
