/* SPDX-License-Identifier: MIT */
#include "api/guard.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include "api/assets.h"
#include "api/query.h"
#include "base/flow.h"

void
headers_note(struct headers *headers, const char *name, const char *value)
{
	const struct {
		const char *name;
		int *count;
		const char **value;
	} known[] = {
		{ "Host", &headers->hosts, &headers->host },
		{ "Origin", &headers->origins, &headers->origin },
		{ "Content-Length", &headers->lengths, &headers->length },
		{ "Content-Type", &headers->types, &headers->type },
		{ "Transfer-Encoding", &headers->encodings, &headers->encoding },
		{ "Authorization", &headers->authorizations, &headers->authorization },
		{ "Accept", &headers->accepts, &headers->accept },
		{ "X-Reason", &headers->reasons, NULL },
	};

	headers->blanks += strpbrk(name, " \t") != NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(name, known[i].name) != 0)
			continue;
		++*known[i].count;
		if (known[i].value != NULL)
			*known[i].value = value;
	}
}

/* The host of "host", "host:port", "[v6]" or "[v6]:port", without its brackets. */
static bool
split(const char *text, char host[HOST_TEXT_MAX])
{
	const char *end, *port;

	if (*text == '[') {
		end = strchr(++text, ']');
		port = end == NULL ? NULL : end + 1;
	} else {
		end = port = strchrnul(text, ':');
	}
	if (end == NULL || end == text || end - text >= HOST_TEXT_MAX)
		return false;
	size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
	if (*port != '\0' && (*port != ':' || digits == 0 || digits > 5 || port[1 + digits] != '\0'))
		return false;
	*(char *)mempcpy(host, text, (size_t)(end - text)) = '\0';
	return true;
}

static bool
is_ip(const char *host, const char *text)
{
	struct in6_addr one, other;
	int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;

	if (inet_pton(family, host, &one) != 1 || inet_pton(family, text, &other) != 1)
		return false;
	return memcmp(&one, &other, family == AF_INET ? sizeof(struct in_addr) : sizeof(one)) == 0;
}

static bool
is_addr(const char *host, const struct addr *addr)
{
	struct flow_end end;
	struct flow flow;
	char text[INET6_ADDRSTRLEN];

	if (addr->length == 0 || addr_is_unix(addr))
		return false;
	flow_set(&flow, addr, addr);
	end = flow.source;
	return is_ip(host, flow_ip_format(&end, text));
}

static bool
is_name(const char *host, const struct host_list *names)
{
	for (int i = 0; i < names->count; i++) {
		if (strcasecmp(host, names->hosts[i]) == 0 || is_ip(host, names->hosts[i]))
			return true;
	}
	return false;
}

/* The port may be any: a tunnel gives us another, and which site it is the name alone tells. */
static bool
is_ours(const struct guard *guard, const char *text, const struct addr *reached)
{
	char host[HOST_TEXT_MAX];

	return split(text, host) &&
	       (strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
		   is_addr(host, &guard->bound) || is_addr(host, reached) || is_name(host, guard->names));
}

/* Only what came from this very host and port is at home.  Before plain HTTP something may stand that
 * speaks TLS; of TLS nothing is left when a page came in the clear. */
static bool
is_home(const struct guard *guard, const char *origin, const char *host)
{
	size_t scheme = strncmp(origin, "https://", 8) == 0                 ? 8
			: strncmp(origin, "http://", 7) == 0 && !guard->tls ? 7
									    : 0;

	return scheme != 0 && host != NULL && strcasecmp(origin + scheme, host) == 0;
}

/* The files of the page are those of every other sockproxy.  Of several Accept headers the router reads another
 * one than we, and the index is not for all. */
static bool
is_page(const struct headers *headers)
{
	static const char folder[] = "/assets/";

	return strncmp(headers->target, folder, strlen(folder)) == 0 ||
	       (strcmp(headers->target, "/") == 0 && headers->accepts == 1 && asset_page_is_liked(headers->accept));
}

/* Probes carry no token. */
static bool
is_open_to_all(const struct headers *headers)
{
	static const char *const open[] = { "/livez", "/readyz" };

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (strcmp(headers->target, open[i]) == 0)
			return true;
	}
	return is_page(headers);
}

/* What is wrong with the Authorization header, or NULL. */
static const char *
unauthorized(const struct guard *guard, const struct headers *headers)
{
	static const char scheme[] = "Bearer ";
	const char *value = headers->authorization;

	if (!guard->token.wanted || is_open_to_all(headers))
		return NULL;
	if (value == NULL)
		return "A token is asked for: send the header Authorization: Bearer TOKEN.";
	if (strncasecmp(value, scheme, strlen(scheme)) != 0)
		return "The Authorization header must be: Bearer TOKEN.";
	value += strlen(scheme);
	return token_is(&guard->token, value + strspn(value, " ")) ? NULL : "It is another token.";
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
	/* The library takes "Host :" for another header, and who stands before us may not. */
	if (headers->blanks > 0)
		return "It has a header with a blank before its colon.";
	if (headers->hosts > 1)
		return "It has more than one Host header.";
	if (headers->hosts == 0 && !headers->http_1_0)
		return "It has no Host header.";
	if (headers->origins > 1)
		return "It has more than one Origin header.";
	if (headers->encodings > 0 && headers->lengths > 0)
		return "It has both Transfer-Encoding and Content-Length.";
	/* The library would read any other until the connection ends. */
	if (headers->encodings > 1 || (headers->encodings > 0 && strcasecmp(headers->encoding, "chunked") != 0))
		return "Its Transfer-Encoding is not chunked.";
	if (headers->lengths > 1)
		return "It has more than one Content-Length header.";
	if (headers->types > 1)
		return "It has more than one Content-Type header.";
	if (headers->authorizations > 1)
		return "It has more than one Authorization header.";
	if (headers->reasons > 1)
		return "It has more than one X-Reason header.";
	if (headers->body_max == 0 && has_body(headers))
		return "It has a body, which only PATCH takes.";
	return NULL;
}

static void
refuse_token(const struct headers *headers, const char *fault, struct reply *reply)
{
	reply_problem(reply, PROBLEM_UNAUTHORIZED, NULL, "%s", fault);
	reply->authenticate = headers->authorization == NULL ? "Bearer realm=\"sockproxy\""
							     : "Bearer realm=\"sockproxy\", error=\"invalid_token\"";
}

bool
guard_admits(const struct guard *guard, const struct headers *headers, const struct addr *reached, struct reply *reply)
{
	const char *doubt = doubtful(headers), *fault;

	if (doubt != NULL)
		reply_problem(reply, PROBLEM_BAD_REQUEST, NULL, "%s", doubt);
	else if (headers->host != NULL && !addr_is_unix(&guard->bound) && !is_ours(guard, headers->host, reached))
		reply_problem(reply, PROBLEM_WRONG_HOST, NULL,
		    "Ask for localhost, 127.0.0.1, [::1], the address listened on or a name given with --admin-host, "
		    "not for \"%s\".",
		    headers->host);
	else if (headers->origin != NULL && !is_home(guard, headers->origin, headers->host))
		reply_problem(reply, PROBLEM_FOREIGN_ORIGIN, NULL, "The Origin header says \"%s\".", headers->origin);
	else if ((fault = unauthorized(guard, headers)) != NULL)
		refuse_token(headers, fault, reply);
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
