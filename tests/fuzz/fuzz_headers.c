/* SPDX-License-Identifier: MIT */
/* The headers of a request, line by line, at three doors: none opens to what this file says is no key. */
#include "api/guard.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct host_list names = { .hosts = { "proxy.example", "192.0.2.7" }, .count = 2 };

static void
expect(bool promise)
{
	if (!promise)
		abort();
}

static struct guard
make_guard(const char *bound, bool locked, bool tls)
{
	struct guard guard = { .tls = tls, .names = &names };

	expect(addr_parse(&guard.bound, bound));
	guard.token.wanted = locked;
	expect(gnutls_hash_fast(GNUTLS_DIG_SHA256, TOKEN, strlen(TOKEN), guard.token.digest) == 0);
	return guard;
}

/* Probes, and the page, which asks for the token itself.  The page's path is the index's too, so it must be wished for. */
static bool
is_for_all(const struct headers *headers)
{
	if (strcmp(headers->target, "/livez") == 0 || strcmp(headers->target, "/readyz") == 0)
		return true;
	if (strcmp(headers->target, "/") == 0)
		return headers->accepts == 1 &&
		       (strcasestr(headers->accept, "html") != NULL || strchr(headers->accept, '*') != NULL);
	return strncmp(headers->target, "/assets/", 8) == 0;
}

static bool
has_key(const struct headers *headers)
{
	const char *value = headers->authorization;

	if (value == NULL || strncasecmp(value, "bearer ", 7) != 0)
		return false;
	return strcmp(value + 6 + strspn(value + 6, " "), TOKEN) == 0;
}

static void
check_admitted(const struct guard *guard, const struct headers *headers)
{
	bool body = headers->encodings > 0 || (headers->lengths > 0 && strcmp(headers->length, "0") != 0);

	expect(headers->hosts == 1 || (headers->hosts == 0 && headers->http_1_0));
	expect(headers->origins <= 1 && headers->lengths <= 1 && headers->authorizations <= 1);
	expect(headers->lengths == 0 || headers->encodings == 0);
	expect(!body || (headers->body_max > 0 && headers->types == 1));
	expect(!guard->token.wanted || is_for_all(headers) || has_key(headers));
	expect(headers->origin == NULL || strncasecmp(headers->origin, guard->tls ? "https://" : "http", 4) == 0);
}

static void
check_refused(const struct reply *reply)
{
	static const int statuses[] = { 400, 401, 403, 413, 415, 421 };
	json_t *problem = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL);
	bool known = false;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		known = known || reply->status == statuses[i];
	expect(known && reply->close && problem != NULL);
	expect(json_integer_value(json_object_get(problem, "status")) == reply->status);
	expect((reply->authenticate != NULL) == (reply->status == 401));
	expect(memmem(reply->body, reply->length, TOKEN, strlen(TOKEN)) == NULL || reply->status != 401);
	json_decref(problem);
}

static void
try_door(const char *bound, bool locked, bool tls, const struct headers *headers)
{
	struct guard guard = make_guard(bound, locked, tls);
	struct reply reply = { 0 };
	struct addr reached;

	expect(addr_parse(&reached, "127.0.0.2:9100"));
	if (guard_admits(&guard, headers, &reached, &reply)) {
		check_admitted(&guard, headers);
		expect(reply.status == 0 && reply.body == NULL);
	} else {
		check_refused(&reply);
	}
	reply_fini(&reply);
}

/* "GET /conns", then "Name: value" in each line. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size), *rest = text, *line;
	struct headers headers = { 0 };

	line = strsep(&rest, "\n");
	headers.http_1_0 = strncmp(line, "HEAD", 4) == 0;
	headers.body_max = strncmp(line, "PATCH", 5) == 0 ? 4096 : 0;
	headers.target = line + strcspn(line, " ");
	headers.target += *headers.target == ' ';
	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *name = strsep(&line, ":");

		if (line != NULL)
			headers_note(&headers, name, line + strspn(line, " "));
	}
	try_door("127.0.0.1:9100", false, false, &headers);
	try_door("[2001:db8::1]:9100", true, true, &headers);
	try_door("unix:/run/sockproxy", true, false, &headers);
	free(text);
	return 0;
}
