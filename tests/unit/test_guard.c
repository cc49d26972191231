/* SPDX-License-Identifier: MIT */
/* Who is let in, and what those are told who are not. */
#include "api/guard.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include "support/suite.h"

#define TOKEN "abcdefghijklmnop-._~+/0=="

static const struct host_list names = { .hosts = { "Proxy.example", "192.0.2.7", "2001:db8::7" }, .count = 3 };

enum door { LOOPBACK, EVERYWHERE, TLS, LOCKED, UNIX, UNIX_LOCKED };

static struct guard
guard_of(enum door door)
{
	static const char *const bound[] = {
		[LOOPBACK] = "127.0.0.1:9100",
		[EVERYWHERE] = "0.0.0.0:9100",
		[TLS] = "127.0.0.1:9100",
		[LOCKED] = "127.0.0.1:9100",
		[UNIX] = "unix:/run/x",
		[UNIX_LOCKED] = "unix:/run/x",
	};
	struct guard guard = { .names = &names, .tls = door == TLS };

	ck_assert(addr_parse(&guard.bound, bound[door]));
	guard.token.wanted = door == LOCKED || door == UNIX_LOCKED;
	ck_assert_int_eq(gnutls_hash_fast(GNUTLS_DIG_SHA256, TOKEN, strlen(TOKEN), guard.token.digest), 0);
	return guard;
}

#define HOST "Host: localhost\n"

/* clang-format off */
static const struct {
	enum door door;
	const char *target, *headers;
	int status;       /* 0: let in */
	const char *says; /* NULL: whatever */
} requests[] = {
	{ LOOPBACK, "/conns", HOST, 0, NULL },
	{ LOOPBACK, "/conns", "", 400, "no Host" },
	{ LOOPBACK, "/conns", HOST HOST, 400, "more than one Host" },
	{ LOOPBACK, "/conns", HOST "Host : example.org\n", 400, "blank" },
	{ LOOPBACK, "/conns", HOST "Content-Length: 0\nTransfer-Encoding\t: chunked\n", 400, "blank" },
	{ LOOPBACK, "/conns", HOST "X Y: z\n", 400, "blank" },
	{ LOOPBACK, "/conns", HOST "Transfer-Encoding: gzip\n", 400, "not chunked" },
	{ LOOPBACK, "/conns", HOST "Transfer-Encoding: chunked\nTransfer-Encoding: Chunked\n", 400, "not chunked" },
	{ LOOPBACK, "/conns", HOST "oRiGiN: http://localhost\nOrigin: http://localhost\n", 400, "Origin" },
	{ LOOPBACK, "/conns", HOST "Content-Length: 0\nContent-Length: 0\n", 400, "Content-Length" },
	{ LOOPBACK, "/conns", HOST "Content-Length: 0\nTransfer-Encoding: chunked\n", 400, "both" },
	{ LOOPBACK, "/conns", HOST "Content-Length: 1\n", 400, "body" },
	{ LOOPBACK, "/conns", HOST "Transfer-Encoding: chunked\n", 400, "body" },
	{ LOOPBACK, "/conns", HOST "Authorization: a\nAuthorization: a\n", 400, "Authorization" },
	{ LOOPBACK, "/conns", HOST "X-Reason: a\nX-Reason: a\n", 400, "X-Reason" },
	{ LOOPBACK, "/conns", HOST "Content-Type: a\nContent-Type: a\n", 400, "Content-Type" },
	{ LOOPBACK, "/conns", HOST "Authorization: Basic eDp5\n", 0, NULL }, /* nobody asked for it */

	{ LOOPBACK, "/conns", "Host: PROXY.example:9100\n", 0, NULL },
	{ LOOPBACK, "/conns", "Host: 192.0.2.7\n", 0, NULL },
	{ LOOPBACK, "/conns", "Host: [2001:DB8:0::7]:443\n", 0, NULL },
	{ LOOPBACK, "/conns", "Host: proxy.example.\n", 421, "--admin-host" },
	{ LOOPBACK, "/conns", "Host: x.proxy.example\n", 421, "x.proxy.example" },
	{ LOOPBACK, "/conns", "Host: 192.0.2.70\n", 421, NULL },
	{ LOOPBACK, "/conns", "Host: 10.0.0.2\n", 421, NULL },
	{ EVERYWHERE, "/conns", "Host: 10.0.0.1\n", 0, NULL }, /* the address it came to */
	{ EVERYWHERE, "/conns", "Host: 10.0.0.2\n", 421, NULL },
	{ EVERYWHERE, "/conns", "Host: 0.0.0.0\n", 0, NULL },
	{ UNIX, "/conns", "Host: whatever\n", 0, NULL },

	{ LOOPBACK, "/conns", HOST "Origin: http://localhost\n", 0, NULL },
	{ LOOPBACK, "/conns", HOST "Origin: https://localhost\n", 0, NULL }, /* something before us speaks TLS */
	{ LOOPBACK, "/conns", HOST "Origin: http://localhost:80\n", 403, "localhost:80" },
	{ LOOPBACK, "/conns", HOST "Origin: null\n", 403, NULL },
	{ TLS, "/conns", "Host: proxy.example\nOrigin: https://proxy.example\n", 0, NULL },
	{ TLS, "/conns", "Host: proxy.example\nOrigin: http://proxy.example\n", 403, NULL },
	{ UNIX, "/conns", HOST "Origin: http://example.org\n", 403, NULL },

	{ LOCKED, "/conns", HOST, 401, "Authorization: Bearer" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN "\n", 0, NULL },
	{ LOCKED, "/conns", HOST "authorization: bEARER   " TOKEN "\n", 0, NULL },
	{ LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN "=\n", 401, "another" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN " \n", 401, "another" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer abcdefghijklmnop-._~+/0=\n", 401, "another" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN "," TOKEN "\n", 401, "another" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer\n", 401, "must be" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer \n", 401, "another" },
	{ LOCKED, "/conns", HOST "Authorization: Bearer" TOKEN "\n", 401, "must be" },
	{ LOCKED, "/conns", HOST "Authorization: " TOKEN "\n", 401, "must be" },
	{ LOCKED, "/conns", HOST "Authorization: Basic eDp5\n", 401, "must be" },
	{ LOCKED, "/conns", HOST "Authorization: \n", 401, "must be" },
	{ LOCKED, "/nothing", HOST, 401, NULL }, /* not even which paths there are */
	{ LOCKED, "/", HOST, 401, NULL },
	{ LOCKED, "/", HOST "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\n", 0, NULL }, /* the page */
	{ LOCKED, "/", HOST "Accept: */*\n", 401, NULL }, /* the index */
	{ LOCKED, "/", HOST "Accept: text/html;q=0.5, application/json\n", 401, NULL },
	{ LOCKED, "/", HOST "Accept: application/json\nAccept: text/html\n", 401, NULL }, /* whichever the router reads */
	{ LOCKED, "/", HOST "Accept: text/html\nAccept: application/json\n", 401, NULL },
	{ LOCKED, "/?", HOST "Accept: text/html\n", 401, NULL },
	{ LOCKED, "//", HOST "Accept: text/html\n", 401, NULL },
	{ LOCKED, "/conns", HOST "Accept: text/html\n", 401, NULL },
	{ LOCKED, "/assets/app.js", HOST, 0, NULL },
	{ LOCKED, "/assets", HOST, 401, NULL },
	{ LOCKED, "/assets/app.js", "Host: example.org\n", 421, NULL },
	{ LOCKED, "/livez", HOST, 0, NULL },
	{ LOCKED, "/readyz", HOST, 0, NULL },
	{ LOCKED, "/livez?", HOST, 401, NULL },
	{ LOCKED, "/livez/", HOST, 401, NULL },
	{ LOCKED, "/%6civez", HOST, 401, NULL },
	{ LOCKED, "/livez", "Host: example.org\n", 421, NULL }, /* what is open is not open to pages */
	{ LOCKED, "/livez", HOST "Origin: http://example.org\n", 403, NULL },
	{ LOCKED, "/conns", "Host: example.org\nAuthorization: Bearer " TOKEN "\n", 421, NULL },
	{ LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN "\nAuthorization: Bearer x\n", 400, NULL },
	{ UNIX_LOCKED, "/conns", HOST, 401, NULL },
	{ UNIX_LOCKED, "/conns", HOST "Authorization: Bearer " TOKEN "\n", 0, NULL },
};
/* clang-format on */

/* The lines stay in memory while the headers point into them. */
static void
note_lines(struct headers *headers, char *lines)
{
	for (char *line; (line = strsep(&lines, "\n")) != NULL && *line != '\0';) {
		char *name = strsep(&line, ":");

		headers_note(headers, name, line + 1);
	}
}

static bool
admits(struct guard guard, struct headers *headers, const char *lines, struct reply *reply)
{
	static char copy[1024];
	struct addr reached;

	snprintf(copy, sizeof(copy), "%s", lines);
	note_lines(headers, copy);
	ck_assert(addr_parse(&reached, "10.0.0.1:9100"));
	return guard_admits(&guard, headers, &reached, reply);
}

/* No NUL ends a body. */
static bool
says(const struct reply *reply, const char *text)
{
	return reply->body != NULL && memmem(reply->body, reply->length, text, strlen(text)) != NULL;
}

START_TEST(each_request_gets_its_due)
{
	struct headers headers = { .target = requests[_i].target };
	struct reply reply = { 0 };
	bool admitted = admits(guard_of(requests[_i].door), &headers, requests[_i].headers, &reply);

	ck_assert_msg(reply.status == requests[_i].status, "%s: %d", requests[_i].headers, reply.status);
	ck_assert_int_eq(admitted, requests[_i].status == 0);
	ck_assert_int_eq(reply.close, !admitted);
	if (requests[_i].says != NULL)
		ck_assert_msg(says(&reply, requests[_i].says), "%.*s", (int)reply.length, reply.body);
	ck_assert(!says(&reply, TOKEN));
	reply_fini(&reply);
}
END_TEST

START_TEST(who_is_asked_for_a_token_is_told_how)
{
	struct headers none = { .target = "/" }, wrong = { .target = "/" };
	struct reply reply = { 0 };

	ck_assert(!admits(guard_of(LOCKED), &none, HOST, &reply));
	ck_assert_str_eq(reply.authenticate, "Bearer realm=\"sockproxy\"");
	reply_fini(&reply);
	ck_assert(!admits(guard_of(LOCKED), &wrong, HOST "Authorization: Bearer wrong\n", &reply));
	ck_assert_str_eq(reply.authenticate, "Bearer realm=\"sockproxy\", error=\"invalid_token\"");
	reply_fini(&reply);
}
END_TEST

START_TEST(an_old_request_needs_no_host_but_may_not_lie)
{
	struct headers none = { .target = "/", .http_1_0 = true }, lie = { .target = "/", .http_1_0 = true };
	struct reply reply = { 0 };

	ck_assert(admits(guard_of(LOOPBACK), &none, "", &reply));
	ck_assert(!admits(guard_of(LOOPBACK), &lie, "Host: example.org\n", &reply));
	ck_assert_int_eq(reply.status, 421);
	reply_fini(&reply);
}
END_TEST

static const struct {
	const char *headers;
	int status;
} bodies[] = {
	{ HOST "Content-Length: 100\nContent-Type: application/json\n", 0 },
	{ HOST "Content-Length: 100\nContent-Type: Application/JSON; charset=utf-8\n", 0 },
	{ HOST "Transfer-Encoding: chunked\nContent-Type: application/merge-patch+json\n", 0 },
	{ HOST "Content-Length: 101\nContent-Type: application/json\n", 413 },
	{ HOST "Content-Length: 99999999999999999999\nContent-Type: application/json\n", 413 },
	{ HOST "Content-Length: -1\nContent-Type: application/json\n", 413 },
	{ HOST "Content-Length: 100\n", 415 },
	{ HOST "Content-Length: 100\nContent-Type: application/jsonx\n", 415 },
	{ HOST "Content-Length: 100\nContent-Type: text/plain\n", 415 },
	{ HOST "Content-Length: 0\n", 0 },
};

START_TEST(a_body_is_taken_where_one_belongs)
{
	struct headers headers = { .target = "/listeners/x", .body_max = 100 };
	struct reply reply = { 0 };

	ck_assert_int_eq(admits(guard_of(LOOPBACK), &headers, bodies[_i].headers, &reply), bodies[_i].status == 0);
	ck_assert_msg(reply.status == bodies[_i].status, "%s: %d", bodies[_i].headers, reply.status);
	reply_fini(&reply);
}
END_TEST

START_TEST(without_the_token_nobody_learns_what_a_body_may_be)
{
	struct headers headers = { .target = "/listeners/x", .body_max = 100 };
	struct reply reply = { 0 };

	ck_assert(!admits(guard_of(LOCKED), &headers, HOST "Content-Length: 101\n", &reply));
	ck_assert_int_eq(reply.status, 401);
	reply_fini(&reply);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tcase = tcase_create("requests");

	tcase_add_loop_test(tcase, each_request_gets_its_due, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(tcase, who_is_asked_for_a_token_is_told_how);
	tcase_add_test(tcase, an_old_request_needs_no_host_but_may_not_lie);
	tcase_add_loop_test(tcase, a_body_is_taken_where_one_belongs, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_test(tcase, without_the_token_nobody_learns_what_a_body_may_be);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
