/* SPDX-License-Identifier: MIT */
/* HTTP itself: targets, methods, Host and Origin, bodies that hide a request, nonsense. */
#include "support/api_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/suite.h"

static const struct {
	const char *target;
	int status;
	const char *type, *parameter;
	const char *says; /* NULL: whatever */
} faults[] = {
	{ "/nothing", 404, "unknown_path", NULL, "/ lists" },
	{ "/conn", 404, "unknown_path", NULL, "/conns?" },
	{ "/conns/", 404, "unknown_path", NULL, NULL },
	{ "/conns/a/b", 404, "unknown_path", NULL, NULL },
	{ "//", 404, "unknown_path", NULL, NULL },
	{ "/../conns", 404, "unknown_path", NULL, NULL },
	{ "/%00", 400, "bad_request", NULL, NULL },
	{ "/%", 400, "bad_request", NULL, NULL },
	{ "/%4", 400, "bad_request", NULL, NULL },
	{ "/%zz", 400, "bad_request", NULL, NULL },
	{ "/%ff", 400, "bad_request", NULL, NULL },
	{ "/conns%00", 400, "bad_request", NULL, NULL },
	{ "http://localhost/conns", 400, "bad_request", NULL, NULL },
	{ "*", 400, "bad_request", NULL, NULL },
	{ "/conns/x", 404, "unknown_connection", NULL, NULL },
	{ "/conns/%2e%2E", 404, "unknown_connection", NULL, NULL },
	{ "/conns/%22%0a", 404, "unknown_connection", NULL, NULL },
	{ "/conns/000000000000000000000", 404, "unknown_connection", NULL, NULL },
	{ "/conns/zzzzzzzzzzzzzzzzzzzzz", 404, "unknown_connection", NULL, NULL },
	{ "/conns?stat=all", 400, "unknown_parameter", "stat", "state" },
	{ "/conns?STATE=all", 400, "unknown_parameter", "STATE", NULL },
	{ "/conns?limits=1", 400, "unknown_parameter", "limits", "limit" },
	{ "/conns?filtr=x", 400, "unknown_parameter", "filtr", "filter" },
	{ "/stats?filter=x", 400, "unknown_parameter", "filter", NULL },
	{ "/conns?filter=", 400, "bad_filter", "filter", NULL },
	{ "/conns?filter=idel+>+5m", 400, "bad_filter", "filter", "idle" },
	{ "/conns?filter=state==establised", 400, "bad_filter", "filter", "established" },
	{ "/conns?client=", 400, "bad_value", "client", "an address" },
	{ "/conns?client=10.0.0.0/33", 400, "bad_value", "client", "10.0.0.0/8" },
	{ "/conns?client=%22+or+true", 400, "bad_value", "client", NULL },
	{ "/conns?target=example.org", 400, "bad_value", "target", "an address" },
	{ "/conns?listener=808", 400, "bad_value", "listener", "8080" },
	{ "/conns?listener=", 400, "bad_value", "listener", NULL },
	{ "/conns?upstream=bd:5432", 400, "bad_value", "upstream", "db:5432" },
	{ "/conns?reason=client_fim", 400, "bad_value", "reason", "client_fin" },
	{ "/conns?initiator=cleint", 400, "bad_value", "initiator", "client" },
	{ "/conns?initiator=", 400, "bad_value", "initiator", "upstream, proxy or admin" },
	{ "/conns?sort=", 400, "bad_value", "sort", NULL },
	{ "/conns?sort=-", 400, "bad_value", "sort", NULL },
	{ "/conns?sort=--age", 400, "bad_value", "sort", NULL },
	{ "/conns?sort=-durtion_us", 400, "bad_value", "sort", "duration_us" },
	{ "/conns?sort=close", 400, "bad_value", "sort", NULL },
	{ "/conns?sort=attempts", 400, "bad_value", "sort", "a list" },
	{ "/conns?sort=age&after=t1.2.3", 400, "bad_value", "after", "no pages" },
	{ "/conns?fields=", 400, "bad_value", "fields", NULL },
	{ "/conns?fields=id,,state", 400, "bad_value", "fields", "commas" },
	{ "/conns?fields=id,+state", 400, "bad_value", "fields", "state" },
	{ "/conns?fields=id,clsoe", 400, "bad_value", "fields", "close" },
	{ "/conns?fields=id,nothing_like_it", 400, "bad_value", "fields", "/schema" },
	{ "/conns?fields=id&view=full", 400, "bad_value", "view", "not both" },
	{ "/conns?format=xml", 400, "bad_value", "format", "json, ndjson or table" },
	{ "/conns?format=tabel", 400, "bad_value", "format", "did you mean table" },
	{ "/conns?=1", 400, "unknown_parameter", "", NULL },
	{ "/conns?%22%3c=1", 400, "unknown_parameter", "\"<", NULL },
	{ "/livez?verbose", 400, "unknown_parameter", "verbose", "takes none" },
	{ "/?a", 400, "unknown_parameter", "a", NULL },
	{ "/conns?limit=1&limit=1", 400, "repeated_parameter", "limit", NULL },
	{ "/conns?limit=1&%6cimit=2", 400, "repeated_parameter", "limit", NULL },
	{ "/conns?state=establised", 400, "bad_value", "state", "established" },
	{ "/conns?state=", 400, "bad_value", "state", NULL },
	{ "/conns?state", 400, "bad_value", "state", NULL },
	{ "/conns?state=act%00ive", 400, "bad_value", "state", NULL },
	{ "/conns?state=%ff", 400, "bad_value", "state", NULL },
	{ "/conns?state=%c0%80", 400, "bad_value", "state", NULL },
	{ "/conns?state=%", 400, "bad_value", "state", NULL },
	{ "/conns?%00=1", 400, "bad_value", "", NULL },
	{ "/conns?limit=0", 400, "bad_value", "limit", "10000" },
	{ "/conns?limit=10001", 400, "bad_value", "limit", "10000" },
	{ "/conns?limit=-1", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=+1", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=1e3", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=99999999999999999999999999", 400, "bad_value", "limit", NULL },
	{ "/conns?limit=18446744073709551617", 400, "bad_value", "limit", NULL },
	{ "/conns?port=0", 400, "bad_value", "port", "65535" },
	{ "/conns?port=65536", 400, "bad_value", "port", NULL },
	{ "/conns?port=http", 400, "bad_value", "port", NULL },
	{ "/conns?view=long", 400, "bad_value", "view", NULL },
	{ "/conns?count=2", 400, "bad_value", "count", NULL },
	{ "/conns?after=", 400, "bad_value", "after", NULL },
	{ "/conns?after=t", 400, "bad_value", "after", NULL },
	{ "/conns?after=x1.2", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.2.", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.02.3", 400, "bad_value", "after", NULL },
	{ "/conns?after=t1.2.3", 410, "cursor_gone", "after", NULL },
	{ "/conns?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y", 400, "bad_value", NULL, NULL },
};

START_TEST(a_bad_target_gets_a_clear_answer)
{
	api_ask(faults[_i].target);
	ck_assert_msg(api.answer.status == faults[_i].status, "%s: %d", faults[_i].target, api.answer.status);
	api_check_problem(faults[_i].type, faults[_i].parameter);
	if (faults[_i].says != NULL)
		ck_assert_msg(
		    strstr(json_string_value(json_object_get(api.document, "detail")), faults[_i].says) != NULL, "%s",
		    api.answer.body);
}
END_TEST

static const struct {
	const char *request;
	int status;
	const char *header, *value; /* NULL: whatever */
} requests[] = {
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /%6civez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez? HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns?&&state=all& HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns HTTP/1.0\r\n\r\n", 200, NULL, NULL },
	{ "GET /conns HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, NULL, NULL },

	{ "HEAD /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "Content-Type", "application/json" },
	{ "HEAD /stats HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "Content-Type", "application/json" },
	{ "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },
	{ "OPTIONS /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS, DELETE" },
	{ "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS, POST, PATCH, DELETE" },
	{ "OPTIONS /conns/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS, DELETE" },
	{ "OPTIONS /drain HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "Allow", "GET, HEAD, OPTIONS, POST, DELETE" },
	{ "HEAD /drain HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, "Content-Type", "application/json" },
	{ "PUT /drain HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS, POST, DELETE" },
	{ "POST /conns/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS, DELETE" },
	{ "OPTIONS /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },
	{ "POST /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS, DELETE" },
	{ "DELETE /stats HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "Allow", "GET, HEAD, OPTIONS" },
	{ "get /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, NULL, NULL },
	{ "GE /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, NULL, NULL },
	{ "POST /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, NULL, NULL },
	{ "DELETE /conns/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 403, NULL, NULL },
	{ "DELETE /conns?filter=port==1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 403, NULL, NULL },
	{ "DELETE /conns/x?nonsense HTTP/1.1\r\nHost: localhost\r\n\r\n", 403, NULL, NULL },
	{ "POST /drain HTTP/1.1\r\nHost: localhost\r\n\r\n", 403, NULL, NULL },
	{ "DELETE /drain HTTP/1.1\r\nHost: localhost\r\n\r\n", 403, NULL, NULL },

	{ "GET /livez HTTP/1.1\r\nHost: LocalHost:1\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1]\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1]:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: example.org\r\n\r\n", 421, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost.example.org\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: 127.1\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: evil@localhost\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: [::1\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost:\r\n\r\n", 421, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\n\r\n", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost : example.org\r\n\r\n", 400, "Connection", "close" },

	{ "GET /livez HTTP/1.1\r\nHost: localhost:9100\r\nOrigin: http://localhost:9100\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost:9100\r\nOrigin: http://localhost:3000\r\n\r\n", 403, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: http://example.org\r\n\r\n", 403, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 403, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: ftp://localhost\r\n\r\n", 403, NULL, NULL },

	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 200, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 400, "Connection", "close" },
	{ "POST /conns HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL, NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	  "GET /conns HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    400, "Connection", "close" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", 400, NULL,
	    NULL },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400, NULL, NULL },
};

START_TEST(a_request_gets_its_status)
{
	api_forget();
	http_ask(&api.at, requests[_i].request, &api.answer);
	ck_assert_msg(api.answer.status == requests[_i].status, "%s%d\n%s", requests[_i].request, api.answer.status,
	    api.answer.headers);
	if (requests[_i].header != NULL)
		ck_assert_str_eq(http_header(&api.answer, requests[_i].header), requests[_i].value);
	ck_assert(requests[_i].status != 405 || http_header(&api.answer, "Allow") != NULL);
}
END_TEST

/* HEAD says what GET says, and then nothing: the next answer follows at once. */
START_TEST(requests_follow_each_other_on_one_connection)
{
	static const struct {
		const char *request;
		int status, bodiless;
	} in_turn[] = {
		{ "GET /conns?state=all HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 0 },
		{ "HEAD /stats HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 1 },
		{ "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, 0 },
		{ "OPTIONS /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, 0 },
		{ "POST /conns HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, 0 },
		{ "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 0 },
	};
	int fd = http_connect(&api.at);

	for (size_t i = 0; i < sizeof(in_turn) / sizeof(in_turn[0]); i++) {
		api_forget();
		http_send(fd, in_turn[i].request, strlen(in_turn[i].request));
		http_read(fd, &api.answer, in_turn[i].bodiless);
		ck_assert_int_eq(api.answer.status, in_turn[i].status);
	}
	ck_assert_str_eq(api.answer.body, "ok\n");
	close(fd);
}
END_TEST

START_TEST(after_the_headers_a_head_gets_nothing)
{
	static const char *const heads[] = { "HEAD /conns?limit=1", "HEAD /stats", "HEAD /nothing", "HEAD /conns?x" };
	char request[100], bytes[2000];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int fd = http_connect(&api.at);
		size_t length = 0;
		ssize_t got;

		snprintf(
		    request, sizeof(request), "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", heads[i]);
		http_send(fd, request, strlen(request));
		while ((got = recv(fd, bytes + length, sizeof(bytes) - 1 - length, 0)) > 0)
			length += (size_t)got;
		bytes[length] = '\0';
		ck_assert_str_eq(strstr(bytes, "\r\n\r\n"), "\r\n\r\n");
		ck_assert_ptr_null(strstr(bytes, "Content-Length: 0"));
		close(fd);
	}
}
END_TEST

START_TEST(nonsense_ends_without_harm)
{
	static const struct {
		const char *bytes;
		size_t count;
	} nonsense[] = {
#define BYTES(literal) { literal, sizeof(literal) - 1 }
		BYTES("GET\r\n\r\n"),
		BYTES("GET /livez\r\n\r\n"),
		BYTES("GET  HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /conns\0x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /conns?a=\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /livez HTTP/1.1\r\nHost: local\0host\r\n\r\n"),
		BYTES("G\xff\xfe /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		BYTES("GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n"),
		BYTES("GET /livez HTTP/1.1\r\n: localhost\r\n \r\n\r\n"),
#undef BYTES
	};
	static const char *const beginnings[] = { "", "\r\n\r\n", "G", "GET /livez HTTP/1.1\r\nHost: loc",
		"\x16\x03\x01\x02" };
	struct answer first;
	char *long_path = malloc(200000);

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		int fd = http_connect(&api.at);

		http_send(fd, nonsense[i].bytes, nonsense[i].count);
		shutdown(fd, SHUT_WR);
		http_read(fd, &first, 0);
		ck_assert_msg(
		    first.status == 0 || first.status >= 400 || strncmp(nonsense[i].bytes, "GET /conns", 10) == 0,
		    "%zu: %d", i, first.status);
		http_forget(&first);
		close(fd);
	}
	/* These are no request yet, and then the client leaves. */
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		int fd = http_connect(&api.at);

		http_send(fd, beginnings[i], strlen(beginnings[i]));
		close(fd);
	}
	memset(long_path, 'a', 200000);
	memcpy(long_path, "GET /", 5);
	memcpy(long_path + 199000, " HTTP/1.1\r\n\r\n", 14);
	http_ask(&api.at, long_path, &first);
	ck_assert_msg(first.status == 0 || first.status == 414 || first.status == 431, "%d", first.status);
	http_forget(&first);
	free(long_path);
	api_ask("/livez");
	ck_assert_int_eq(api.answer.status, 200);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api http");
	TCase *tcase = tcase_create("requests");

	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_bad_target_gets_a_clear_answer, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_loop_test(tcase, a_request_gets_its_status, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(tcase, requests_follow_each_other_on_one_connection);
	tcase_add_test(tcase, after_the_headers_a_head_gets_nothing);
	tcase_add_test(tcase, nonsense_ends_without_harm);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
