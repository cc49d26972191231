/* SPDX-License-Identifier: MIT */
#include "api/guard.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include "api/query.h"
#include "base/flow.h"

enum { HOST_MAX = 64 }; /* more than localhost and any IPv6 address need */

/* The host of "host", "host:port", "[v6]" or "[v6]:port", without its brackets. */
static bool
split(const char *text, char host[HOST_MAX])
{
	const char *end, *port;

	if (*text == '[') {
		end = strchr(++text, ']');
		port = end == NULL ? NULL : end + 1;
	} else {
		end = port = strchrnul(text, ':');
	}
	if (end == NULL || end == text || end - text >= HOST_MAX)
		return false;
	size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
	if (*port != '\0' && (*port != ':' || digits == 0 || digits > 5 || port[1 + digits] != '\0'))
		return false;
	*(char *)mempcpy(host, text, (size_t)(end - text)) = '\0';
	return true;
}

static bool
is_addr(const char *host, const struct addr *addr)
{
	struct flow_end end;
	struct flow flow;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr one, other;

	if (addr == NULL || addr->length == 0 || addr_is_unix(addr))
		return false;
	flow_set(&flow, addr, addr);
	end = flow.source;
	flow_ip_format(&end, text);
	int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	if (inet_pton(family, host, &one) != 1 || inet_pton(family, text, &other) != 1)
		return false;
	return memcmp(&one, &other, family == AF_INET ? sizeof(struct in_addr) : sizeof(one)) == 0;
}

/* The port may be any: a tunnel gives us another, and which site it is the name alone tells. */
static bool
is_ours(const char *text, const struct addr *bound, const struct addr *reached)
{
	char host[HOST_MAX];

	return split(text, host) && (strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
					strcmp(host, "::1") == 0 || is_addr(host, bound) || is_addr(host, reached));
}

/* Only what came from this very host and port is at home. */
static bool
is_home(const char *origin, const char *host)
{
	size_t scheme = strncmp(origin, "https://", 8) == 0 ? 8 : strncmp(origin, "http://", 7) == 0 ? 7 : 0;

	return scheme != 0 && host != NULL && strcasecmp(origin + scheme, host) == 0;
}

static bool
has_body(const struct headers *headers)
{
	return headers->encodings > 0 || (headers->lengths > 0 && strcmp(headers->length, "0") != 0);
}

/* A body in chunks tells its length only as it comes. */
static bool
is_too_long(const struct headers *headers)
{
	uint64_t length;

	return headers->lengths > 0 && !query_number(headers->length, 0, headers->body_max, &length);
}

static bool
is_json(const char *type)
{
	static const char *const types[] = { "application/json", "application/merge-patch+json" };
	size_t length = type == NULL ? 0 : strcspn(type, "; ");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (length == strlen(types[i]) && strncasecmp(type, types[i], length) == 0)
			return true;
	}
	return false;
}

static const char *
doubtful(const struct headers *headers)
{
	if (headers->hosts > 1)
		return "It has more than one Host header.";
	if (headers->hosts == 0 && !headers->http_1_0)
		return "It has no Host header.";
	if (headers->origins > 1)
		return "It has more than one Origin header.";
	if (headers->encodings > 0 && headers->lengths > 0)
		return "It has both Transfer-Encoding and Content-Length.";
	if (headers->lengths > 1)
		return "It has more than one Content-Length header.";
	if (headers->reasons > 1)
		return "It has more than one X-Reason header.";
	if (headers->body_max == 0 && has_body(headers))
		return "It has a body, which only PATCH takes.";
	return NULL;
}

bool
guard_admits(const struct headers *headers, const struct addr *bound, const struct addr *reached, struct reply *reply)
{
	const char *doubt = doubtful(headers);

	if (doubt != NULL)
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "%s", doubt);
	else if (headers->host != NULL && !addr_is_unix(bound) && !is_ours(headers->host, bound, reached))
		reply_problem(reply, PROBLEM_WRONG_HOST, NULL,
		    "Ask for localhost, 127.0.0.1, [::1] or the address listened on, not for \"%s\".", headers->host);
	else if (headers->origin != NULL && !is_home(headers->origin, headers->host))
		reply_problem(reply, PROBLEM_FOREIGN_ORIGIN, NULL, "The Origin header says \"%s\".", headers->origin);
	else if (has_body(headers) && is_too_long(headers))
		reply_problem(reply, PROBLEM_TOO_LARGE, NULL, "At most %zu bytes are taken.", headers->body_max);
	else if (has_body(headers) && !is_json(headers->type))
		reply_problem(reply, PROBLEM_NOT_JSON, NULL,
		    "The Content-Type must be application/json or application/merge-patch+json.");
	else
		return true;
	reply->close = true;
	return false;
}
