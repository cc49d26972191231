/* SPDX-License-Identifier: MIT */
#include "config/endpoint.h"

#include <string.h>
#include "base/quantity.h"

_Static_assert(TARGETS_MAX == 16 && SOURCES_MAX == 16 && NETWORKS_MAX == 64 && HOSTS_MAX == 16, "the messages say so");

/* A list with commas, taken piece by piece; rest is NULL at its end. */
struct list {
	const char *whole, *rest;
	char piece[NAME_TEXT_MAX];
};

static bool
refuse(struct text *error, const char *text, const char *expected)
{
	text_add_quoted(error, text);
	text_addf(error, ": %s", expected);
	return false;
}

/* Names go into records and log lines as they were written. */
static bool
take_name(char *name, size_t size, const char *text, struct text *error)
{
	size_t length = strlen(text);

	if (length >= size) {
		text_add_quoted(error, text);
		text_addf(error, ": longer than %zu bytes", size - 1);
		return false;
	}
	memcpy(name, text, length + 1);
	return true;
}

static bool
list_take(struct list *list, struct text *error)
{
	size_t length = strcspn(list->rest, ",");

	if (length == 0)
		return refuse(error, list->whole, "an address is missing");
	if (length >= sizeof(list->piece))
		return refuse(error, list->rest, "too long for an address");
	memcpy(list->piece, list->rest, length);
	list->piece[length] = '\0';
	list->rest = list->rest[length] == ',' ? list->rest + length + 1 : NULL;
	return true;
}

static bool
parse_descriptor(int *fd, const char *text)
{
	uint64_t number;

	if (!quantity_parse_count(&number, text) || number < 3 || number > INT32_MAX)
		return false;
	*fd = (int)number;
	return true;
}

bool
endpoint_parse_listen(struct listen_setting *listener, const char *text, struct text *error)
{
	const char *expected;

	*listener = (struct listen_setting){ .fd = -1 };
	if (strncmp(text, "fd:", 3) == 0) {
		if (!parse_descriptor(&listener->fd, text + 3))
			return refuse(error, text, "must be fd:N, an open descriptor from 3 on");
	} else if (!addr_parse_explained(&listener->addr, text, &expected)) {
		return refuse(error, text, expected);
	}
	listener->any = strchr(text, ':') == NULL;
	return take_name(listener->name, sizeof(listener->name), text, error);
}

/* What is wrong with a host name, or NULL (RFC 1123, and the underscore that people use). */
static const char *
name_fault(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const char *label = host;

	if (strlen(host) > 253)
		return "a host name has at most 253 characters";
	do {
		size_t length = strspn(label, letters);

		if (label[length] != '\0' && label[length] != '.')
			return "a host name has only letters, digits, hyphens and dots";
		if (length == 0 || length > 63)
			return "between its dots a host name has 1 to 63 characters";
		if (label[0] == '-' || label[length - 1] == '-')
			return "a hyphen stands inside a host name, not at its ends";
		label += length + (label[length] == '.');
	} while (*label != '\0');
	return NULL;
}

/* A name's last part is never a number, so this was meant to be an IPv4 address. */
static bool
looks_like_v4(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot == NULL ? host : dot + 1;

	return *last != '\0' && last[strspn(last, "0123456789")] == '\0';
}

static const char *
target_fault(struct target_setting *target, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *expected = NULL;
	uint64_t port;

	if (strncmp(text, "unix:", 5) == 0)
		return addr_parse_explained(&target->addr, text, &expected) ? NULL : expected;
	if (colon == NULL && quantity_parse_count(&port, text))
		return "the host is missing, as in 127.0.0.1:80";
	if (colon == NULL || strchr(colon, ']') != NULL)
		return "the port is missing: must be HOST:PORT, IP:PORT, [IPv6]:PORT or unix:/path";
	if (!quantity_parse_count(&port, colon + 1) || port == 0 || port > 65535)
		return "the port must be 1 to 65535";
	if (colon == text)
		return "the host is missing, as in 127.0.0.1:80";
	target->port = (uint16_t)port;

	size_t length = (size_t)(colon - text);
	bool maybe_v6 = memchr(text, ':', length) != NULL && strspn(text, "0123456789abcdefABCDEF:.") >= length;
	if (text[0] == '[' || maybe_v6)
		return addr_parse_explained(&target->addr, text, &expected) ? NULL : expected;
	if (length >= sizeof(target->host))
		return "a host name has at most 253 characters";
	memcpy(target->host, text, length);
	if (looks_like_v4(target->host)) {
		memset(target->host, 0, length);
		return addr_parse(&target->addr, text) ? NULL : "an IPv4 address is four numbers up to 255";
	}
	return name_fault(target->host);
}

bool
endpoint_parse_upstream(struct upstream_setting *upstream, const char *text, struct text *error)
{
	struct list list = { .whole = text, .rest = text };

	memset(upstream, 0, sizeof(*upstream));
	if (!take_name(upstream->name, sizeof(upstream->name), text, error))
		return false;
	while (list.rest != NULL) {
		struct target_setting *target = &upstream->targets[upstream->target_count];

		if (upstream->target_count == TARGETS_MAX)
			return refuse(error, text, "more than 16 addresses");
		if (!list_take(&list, error))
			return false;
		const char *expected = target_fault(target, list.piece);
		if (expected != NULL)
			return refuse(error, list.piece, expected);
		if (!take_name(target->name, sizeof(target->name), list.piece, error))
			return false;
		upstream->target_count++;
	}
	return true;
}

bool
endpoint_parse_admin(struct settings *settings, const char *text, struct text *error)
{
	struct addr addr;
	const char *expected;

	if (!addr_parse_explained(&addr, text, &expected))
		return refuse(error, text, expected);
	settings->admin = addr;
	return take_name(settings->admin_text, sizeof(settings->admin_text), text, error);
}

bool
endpoint_parse_sources(struct settings *settings, const char *text, struct text *error)
{
	struct list list = { .whole = text, .rest = text };

	for (settings->source_count = 0; list.rest != NULL; settings->source_count++) {
		if (settings->source_count == SOURCES_MAX)
			return refuse(error, text, "more than 16 addresses");
		if (!list_take(&list, error))
			return false;
		if (!addr_parse_ip(&settings->sources[settings->source_count], list.piece))
			return refuse(error, list.piece, "must be an IP address without a port");
	}
	return true;
}

bool
endpoint_parse_hosts(struct host_list *hosts, const char *text, struct text *error)
{
	struct list list = { .whole = text, .rest = text };
	struct addr addr;

	for (hosts->count = 0; list.rest != NULL; hosts->count++) {
		const char *fault;

		if (hosts->count == HOSTS_MAX)
			return refuse(error, text, "more than 16 hosts");
		if (!list_take(&list, error))
			return false;
		fault = addr_parse_ip(&addr, list.piece) ? NULL : name_fault(list.piece);
		if (fault != NULL)
			return refuse(error, list.piece, fault);
		strcpy(hosts->hosts[hosts->count], list.piece);
	}
	return true;
}

bool
endpoint_parse_networks(struct network_list *networks, const char *text, struct text *error)
{
	struct list list = { .whole = text, .rest = text };
	char bytes[128];
	struct text expected;

	for (networks->count = 0; list.rest != NULL; networks->count++) {
		if (networks->count == NETWORKS_MAX)
			return refuse(error, text, "more than 64 networks");
		if (!list_take(&list, error))
			return false;
		text_init(&expected, bytes, sizeof(bytes));
		if (!network_parse(&networks->networks[networks->count], list.piece, &expected))
			return refuse(error, list.piece, bytes);
	}
	return true;
}

static bool
is_server(const char *text)
{
	struct addr addr;

	if (addr_parse_ip(&addr, text))
		return true;
	return strchr(text, ':') != NULL && addr_parse(&addr, text) && addr_port(&addr) != 0;
}

/* c-ares wants no brackets where no port follows. */
static bool
lift_brackets(char *text)
{
	size_t length = strlen(text);
	struct addr addr;
	char bare[INET6_ADDRSTRLEN];

	if (text[0] != '[' || text[length - 1] != ']' || length - 2 >= sizeof(bare))
		return false;
	memcpy(bare, text + 1, length - 2);
	bare[length - 2] = '\0';
	if (strchr(bare, ':') == NULL || !addr_parse_ip(&addr, bare))
		return false;
	memcpy(text, bare, length - 1);
	return true;
}

bool
endpoint_parse_resolver(struct settings *settings, const char *text, struct text *error)
{
	struct list list = { .whole = text, .rest = text };
	struct text servers;

	text_init(&servers, settings->resolver, sizeof(settings->resolver));
	while (list.rest != NULL) {
		if (!list_take(&list, error))
			return false;
		if (!is_server(list.piece) && !lift_brackets(list.piece))
			return refuse(error, list.piece, "must be IP, IP:PORT or [IPv6]:PORT");
		if (servers.length > 0)
			text_add_char(&servers, ',');
		text_add(&servers, list.piece);
	}
	return !servers.truncated || refuse(error, text, "too many addresses");
}

/* Port 0 is another port each time. */
static bool
same_port(const struct addr *one, const struct addr *other)
{
	return addr_port(one) != 0 && addr_port(one) == addr_port(other);
}

bool
endpoint_clash(const struct listen_setting *one, const struct listen_setting *other)
{
	char texts[2][ADDR_TEXT_MAX];

	if (one->fd != -1 || other->fd != -1)
		return one->fd == other->fd;
	if (!addr_is_unix(&one->addr) && !same_port(&one->addr, &other->addr))
		return false;
	if (one->any || other->any)
		return same_port(&one->addr, &other->addr);
	return strcmp(addr_format(&one->addr, texts[0], sizeof(texts[0])),
		   addr_format(&other->addr, texts[1], sizeof(texts[1]))) == 0;
}
