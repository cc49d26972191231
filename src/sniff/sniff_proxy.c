/* SPDX-License-Identifier: MIT */
/*
 * Two forms, told apart by their first byte, and each with a beginning that no
 * common protocol has:
 *
 *   version 1   PROXY TCP4 192.0.2.1 198.51.100.9 56324 443 CR LF
 *   version 2   | signature 12 | version, command | family | length 2 | addresses | more |
 *
 * Bad is said as soon as it is certain, so that whoever spoke gets its RST at
 * once and not at the time limit.  Of what is behind the addresses of version 2
 * nothing is used, nor of the addresses where the command says LOCAL.
 */
#include "sniff/sniff_proxy.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/addr.h"

enum {
	LINE_SIZE = 107, /* with its end */
	WORD_SIZE = 40,  /* with a NUL: the longest is an IPv6 address of 39 */
	FIXED = 16,      /* of version 2, before the addresses */
	PATH_SIZE = 108,
};

static bool
begins_as(const uint8_t *bytes, size_t size, const char *beginning, size_t length)
{
	return memcmp(bytes, beginning, size < length ? size : length) == 0;
}

/* Version 1. */

/* One blank, and what is there up to the next or the end of the line. */
static bool
take_word(const char **at, const char *end, char word[WORD_SIZE])
{
	size_t length = 0;

	if (*at == end || *(*at)++ != ' ')
		return false;
	while (*at + length < end && (*at)[length] != ' ')
		length++;
	if (length >= WORD_SIZE || memchr(*at, '\0', length) != NULL)
		return false;
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length;
	return true;
}

static bool
take_ip(const char **at, const char *end, bool v6, struct addr *addr)
{
	char word[WORD_SIZE];

	return take_word(at, end, word) && (strchr(word, ':') != NULL) == v6 && addr_parse_ip(addr, word);
}

static bool
take_port(const char **at, const char *end, struct addr *addr)
{
	char word[WORD_SIZE];

	if (!take_word(at, end, word))
		return false;
	size_t digits = strspn(word, "0123456789");
	if (digits == 0 || digits > 5 || word[digits] != '\0' || (digits > 1 && word[0] == '0'))
		return false;
	unsigned long port = strtoul(word, NULL, 10);
	addr_set_port(addr, (uint16_t)port);
	return port <= UINT16_MAX;
}

/* What is behind PROXY. */
static bool
read_line(const char *at, const char *end, struct flow *flow)
{
	struct addr source, destination;
	char family[WORD_SIZE];

	if (!take_word(&at, end, family))
		return false;
	if (strcmp(family, "UNKNOWN") == 0)
		return true;
	bool v6 = strcmp(family, "TCP6") == 0;
	if (!v6 && strcmp(family, "TCP4") != 0)
		return false;
	if (!take_ip(&at, end, v6, &source) || !take_ip(&at, end, v6, &destination) || !take_port(&at, end, &source) ||
	    !take_port(&at, end, &destination))
		return false;
	flow_set(flow, &source, &destination);
	return at == end;
}

static enum sniff_answer
sniff_line(const char *bytes, size_t size, struct sniffed_proxy *header)
{
	size_t most = size < LINE_SIZE ? size : LINE_SIZE, length = 0;
	struct flow flow = { .protocol = FLOW_NONE };

	while (length < most && bytes[length] != '\r' && bytes[length] != '\n')
		length++;
	if (length + 2 > LINE_SIZE)
		return SNIFF_BAD;
	if (length == size || (bytes[length] == '\r' && length + 1 == size))
		return SNIFF_INCOMPLETE;
	if (bytes[length] != '\r' || bytes[length + 1] != '\n' ||
	    !read_line(bytes + strlen("PROXY"), bytes + length, &flow))
		return SNIFF_BAD;
	*header = (struct sniffed_proxy){ .length = length + 2, .version = 1, .flow = flow };
	return SNIFF_COMPLETE;
}

/* Version 2.  Numbers are in network order. */

enum { SIGNATURE_SIZE = 12, AT_COMMAND = 12, AT_FAMILY = 13, AT_LENGTH = 14 };

static uint16_t
read_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static struct addr
read_addr(const uint8_t *ip, size_t length, const uint8_t *port)
{
	struct addr addr = { .any.sa_family = length == 4 ? AF_INET : AF_INET6 };

	if (length == 4)
		memcpy(&addr.v4.sin_addr, ip, length);
	else
		memcpy(&addr.v6.sin6_addr, ip, length);
	addr_set_port(&addr, read_u16(port));
	return addr;
}

static void
read_tcp(const uint8_t *addresses, size_t length, struct flow *flow)
{
	struct addr source = read_addr(addresses, length, addresses + 2 * length);
	struct addr destination = read_addr(addresses + length, length, addresses + 2 * length + 2);

	flow_set(flow, &source, &destination);
}

/* Datagrams, and what is unspecified, name nobody whom a TCP connection could come from. */
static void
read_addresses(const uint8_t *bytes, struct flow *flow)
{
	switch (bytes[AT_FAMILY]) {
	case 0x11:
		read_tcp(bytes + FIXED, 4, flow);
		break;
	case 0x21:
		read_tcp(bytes + FIXED, 16, flow);
		break;
	case 0x31:
		flow->protocol = FLOW_UNIX;
		break;
	}
}

/* The least that these two half bytes, family and protocol, need; -1: they are no such thing. */
static int
addresses_size(uint8_t family)
{
	static const int sizes[] = { 0, 2 * 4 + 2 * 2, 2 * 16 + 2 * 2, 2 * PATH_SIZE };

	if (family >> 4 >= 4 || (family & 0xf) >= 3)
		return -1;
	return (family & 0xf) == 0 ? 0 : sizes[family >> 4];
}

static enum sniff_answer
sniff_binary(const uint8_t *bytes, size_t size, struct sniffed_proxy *header)
{
	struct flow flow = { .protocol = FLOW_NONE };
	int least = 0;

	if (size > AT_COMMAND && bytes[AT_COMMAND] != 0x20 && bytes[AT_COMMAND] != 0x21)
		return SNIFF_BAD;
	bool local = size > AT_COMMAND && bytes[AT_COMMAND] == 0x20;
	if (size > AT_FAMILY && !local)
		least = addresses_size(bytes[AT_FAMILY]);
	if (least == -1)
		return SNIFF_BAD;
	if (size < FIXED)
		return SNIFF_INCOMPLETE;

	int rest = read_u16(bytes + AT_LENGTH);
	if (rest < least || rest > SNIFF_PROXY_MAX - FIXED)
		return SNIFF_BAD;
	size_t length = FIXED + (size_t)rest;
	if (size < length)
		return SNIFF_INCOMPLETE;
	if (!local)
		read_addresses(bytes, &flow);
	*header = (struct sniffed_proxy){ .length = length, .version = 2, .flow = flow };
	return SNIFF_COMPLETE;
}

enum sniff_answer
sniff_proxy(const void *bytes, size_t size, struct sniffed_proxy *header)
{
	if (begins_as(bytes, size, "PROXY ", strlen("PROXY ")))
		return sniff_line(bytes, size, header);
	if (begins_as(bytes, size, "\r\n\r\n\0\r\nQUIT\n", SIGNATURE_SIZE))
		return sniff_binary(bytes, size, header);
	return SNIFF_BAD;
}
