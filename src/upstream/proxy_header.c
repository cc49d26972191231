/* SPDX-License-Identifier: MIT */
#include "upstream/proxy_header.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>
#include "base/text.h"

enum {
	COMMAND_LOCAL = 0x20, /* "take the addresses of this very connection" */
	COMMAND_PROXY = 0x21,
	FAMILY_NONE = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	FAMILY_UNIX = 0x31,
	PATH_SIZE = sizeof(((struct sockaddr_un *)0)->sun_path),
};

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";
static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

/* If only one end is IPv4, both are shown as IPv6. */
static bool
is_v4(const struct flow *flow)
{
	return memcmp(flow->source.ip, v4_mapped, sizeof(v4_mapped)) == 0 &&
	       memcmp(flow->destination.ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

static void
add_ip(struct text *text, const struct flow_end *end, bool v4)
{
	char ip[INET6_ADDRSTRLEN];

	text_add_char(text, ' ');
	text_add(text, inet_ntop(v4 ? AF_INET : AF_INET6, end->ip + (v4 ? 12 : 0), ip, sizeof(ip)));
}

/* The text has no word for a Unix socket. */
static size_t
write_v1(char *header, const struct flow *client)
{
	bool v4 = is_v4(client);
	struct text text;

	text_init(&text, header, PROXY_HEADER_MAX);
	text_add(&text, "PROXY ");
	if (client->protocol == FLOW_TCP) {
		text_add(&text, v4 ? "TCP4" : "TCP6");
		add_ip(&text, &client->source, v4);
		add_ip(&text, &client->destination, v4);
		text_addf(&text, " %u %u", client->source.port, client->destination.port);
	} else {
		text_add(&text, "UNKNOWN");
	}
	text_add(&text, "\r\n");
	return text.length;
}

static void
put(char **at, const void *bytes, size_t count)
{
	memcpy(*at, bytes, count);
	*at += count;
}

static void
put_u16(char **at, uint16_t number)
{
	number = htons(number);
	put(at, &number, sizeof(number));
}

static void
put_start(char **at, uint8_t command, uint8_t family, size_t length)
{
	put(at, signature, sizeof(signature));
	put(at, &command, 1);
	put(at, &family, 1);
	put_u16(at, (uint16_t)length);
}

static void
put_tcp(char **at, const struct flow *client)
{
	bool v4 = is_v4(client);
	size_t length = v4 ? 4 : 16;

	put_start(at, COMMAND_PROXY, v4 ? FAMILY_TCP4 : FAMILY_TCP6, 2 * (length + sizeof(uint16_t)));
	put(at, client->source.ip + 16 - length, length);
	put(at, client->destination.ip + 16 - length, length);
	put_u16(at, client->source.port);
	put_u16(at, client->destination.port);
}

/* A Unix client has no name of its own: the path is where it connected to. */
static void
put_unix(char **at, const char *path)
{
	char paths[2][PATH_SIZE] = { 0 };

	if (path != NULL)
		memcpy(paths[1], path, strnlen(path, PATH_SIZE));
	put_start(at, COMMAND_PROXY, FAMILY_UNIX, sizeof(paths));
	put(at, paths, sizeof(paths));
}

static size_t
write_v2(char *header, const struct flow *client, const char *path)
{
	char *at = header;

	if (client->protocol == FLOW_TCP)
		put_tcp(&at, client);
	else if (client->protocol == FLOW_UNIX)
		put_unix(&at, path);
	else
		put_start(&at, COMMAND_LOCAL, FAMILY_NONE, 0);
	return (size_t)(at - header);
}

size_t
proxy_header_write(char header[PROXY_HEADER_MAX], enum proxy_out version, const struct flow *client, const char *path)
{
	switch (version) {
	case PROXY_OUT_V1:
		return write_v1(header, client);
	case PROXY_OUT_V2:
		return write_v2(header, client, path);
	case PROXY_OUT_NONE:
		break;
	}
	return 0;
}
